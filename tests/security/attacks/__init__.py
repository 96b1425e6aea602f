"""Tables of attacks by hostile callers and hostile files, one row per attack."""
