"""Reads and plans chains of FFmpeg commands."""
