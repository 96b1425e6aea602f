"""The way out: the only code that connects to addresses that callers give."""
