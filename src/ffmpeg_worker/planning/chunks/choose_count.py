"""Chooses into how many chunks an encode is split at most."""

from __future__ import annotations

from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.splittable import Parallel


def choose_count(parallel: Parallel, *, slots: int, workers: int | None) -> int:
    """The number of chunks to aim for; 1 where chunks would save nothing.

    Args:
        parallel: what the caller wants.
        slots: processes that may run side by side on this worker for one job.
        workers: pieces that other workers run side by side; `None` where there are no other workers.

    The encoders that can be split use all cores already. So chunks on one worker save little, and cost memory and
    a second decoder (`python -m bench chunks`); `auto` splits only for several workers.

    Raises:
        NotSplit: the caller names a number, and only one process can run at a time.
    """
    side_by_side = slots if workers is None else workers
    if parallel == "auto":
        return 1 if workers is None else side_by_side
    if side_by_side < 2:
        raise NotSplit("this worker runs one process at a time, and no other worker helps")
    return parallel
