"""The format of thumbnails: what the scoring command writes, and what is read from it."""

from __future__ import annotations

SIDE = 24
"""Lines and columns of a thumbnail."""
CELLS = SIDE * SIDE
"""Samples of a thumbnail, 8-bit gray."""

MAX_THUMBNAILS = 400_000
"""Frames of each video that are examined: 4.4 hours at 25 fps. They take 230 MB."""

REFERENCE = "reference"
DISTORTED = "distorted"


def pixel_file(video: str) -> str:
    """Name of the file with the thumbnails of `REFERENCE` or `DISTORTED`."""
    return f"{video}.gray"


def time_file(video: str) -> str:
    """Name of the file with the times of these thumbnails."""
    return f"{video}.times"
