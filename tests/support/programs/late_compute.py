"""Computing processes that start with the first call that needs them, which saves a second of most starts."""

from __future__ import annotations

from ffmpeg_worker.pipeline import compute


def start_compute_when_needed() -> None:
    """Do so in all workers of this process and of its forks."""
    compute.OPEN_AFTER_S = 3600.0
