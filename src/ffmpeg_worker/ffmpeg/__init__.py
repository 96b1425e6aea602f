"""The engine, wrapped: finding it, starting it, reading its progress, explaining its failures, probing files."""
