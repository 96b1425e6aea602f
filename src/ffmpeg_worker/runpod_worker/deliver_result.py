"""Delivers results to RunPod: retries where that may help, and replaces a result that RunPod refuses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.runpod_output import make_failed_result
from ffmpeg_worker.logs import log
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry
from ffmpeg_worker.runpod_worker.handler_output import failure
from ffmpeg_worker.runpod_worker.platform import Platform

PAUSES_S: Sequence[float] = (0.5, 1, 2, 4, 8, 15, 30)
"""Pauses between attempts; together they outlast a minute without RunPod."""
_REFUSALS = frozenset({400, 413, 422})


async def deliver_result(platform: Platform, job_id: str, result: dict[str, Any]) -> bool:
    """Send a job's result in the SDK's shape, `{"output", "error"}`; return whether RunPod accepted one."""
    status = await _send(platform, job_id, result)
    if status in _REFUSALS and "success" in (result.get("output") or {}):
        log(logging.ERROR, "result refused", status=status)
        refused = WorkerError(
            f"RunPod refused the result of the job (HTTP {status}).",
            code="result_refused",
            hint="The job ran and its outputs were delivered. If its result is large, ask for less in one job.",
        )
        status = await _send(platform, job_id, make_failed_result(failure(refused)))
    is_accepted = status is not None and status < 300
    if not is_accepted:
        log(logging.ERROR, "result not delivered", status=status)
    return is_accepted


async def _send(platform: Platform, job_id: str, result: dict[str, Any]) -> int | None:
    """Send a result, with retries; return the last HTTP status, or None without a response."""
    status: int | None = None

    async def attempt() -> None:
        nonlocal status
        status, retry_after = None, None
        try:
            status, retry_after = await platform.post_result(job_id, result)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log(logging.WARNING, "result not sent", reason=type(error).__name__)
        if status is None or is_retryable(status):
            raise AttemptFailed(_NotDelivered(), parse_retry_after(retry_after))

    def log_retry(_: Exception, pause_s: float) -> None:
        log(logging.WARNING, "retrying to send result", status=status, pause_s=pause_s)

    with suppress(_NotDelivered):
        await retry(attempt, PAUSES_S, log_retry)
    return status


class _NotDelivered(Exception):
    """RunPod accepted no attempt."""
