"""FFmpeg's command-line and filter-graph grammar, as pure values."""
