"""Pure: from a job and its files to the exact command lines, their outputs and what those promise."""
