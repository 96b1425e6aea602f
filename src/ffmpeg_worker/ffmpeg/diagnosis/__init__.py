"""Explains a failed FFmpeg run from its log."""
