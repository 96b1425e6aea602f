"""Policy for commands from strangers: which options, formats, filters and file names they may contain."""
