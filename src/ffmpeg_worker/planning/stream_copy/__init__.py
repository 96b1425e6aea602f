"""Copying ranges of frames from a source: which packets they are, and how they are joined with encoded ones."""
