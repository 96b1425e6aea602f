"""Measurements of FFmpeg's filters: the shape of each result, and the readers of the lines that filters print."""
