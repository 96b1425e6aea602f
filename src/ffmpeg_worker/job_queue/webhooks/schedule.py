"""Times at which a webhook is tried again."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from ffmpeg_worker.job_queue.delivery_store import PROGRESS
from ffmpeg_worker.job_queue.webhooks.callback import Shape

_MINUTE, _HOUR = 60.0, 3600.0
PAUSES_S: Sequence[float] = (
    5.0, 30.0, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR
)  # fmt: skip
"""Seconds between the tries of the end of a job; about a day in all."""
_PAUSES_OF: Mapping[Shape, Sequence[float]] = {"standard": PAUSES_S, "runpod": (10.0, 10.0)}
_PROGRESS_PAUSES_S: Sequence[float] = (5.0,)
MAX_RETRY_AFTER_S = _HOUR
_GONE = 410


def next_pause(
    event: str,
    shape: Shape,
    attempts: int,
    *,
    status: int | None,
    retry_after_s: float | None,
) -> float | None:
    """Return the seconds until the next try of a delivery that was not accepted; `None`: it is given up.

    Args:
        event: what it tells, such as `job.succeeded`.
        shape: its form; RunPod tries three times.
        attempts: the tries so far, of which there is at least one.
        status: HTTP status of the last try; 410 says that the receiver wants no more.
        retry_after_s: what the receiver has asked for.
    """
    pauses = _PROGRESS_PAUSES_S if event == PROGRESS else _PAUSES_OF[shape]
    if status == _GONE or attempts > len(pauses):
        return None
    pause_s = pauses[attempts - 1]
    # DeliveryList that failed together, as their receiver was down, are not all tried at one moment again.
    spread = 1.0 if shape == "runpod" else random.uniform(0.9, 1.2)  # noqa: S311 - not for secrets
    return max(pause_s * spread, retry_after_s or 0.0)
