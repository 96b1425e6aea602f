"""Limits of what is drawn."""

MAX_PIXELS = 64_000_000
"""Of an image, and of the box of a layer; larger images are decompression bombs rather than photographs."""
