"""The vocabulary: what a caller may ask for and what comes back. Pure values, no I/O."""
