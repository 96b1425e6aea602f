"""Gets results to RunPod: again where that may help, and a short refusal in place of one that it does not take."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from ffmpeg_worker.logs import log
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry
from ffmpeg_worker.runpod_worker.handler_output import failure
from ffmpeg_worker.runpod_worker.platform import Platform
from ffmpeg_worker.runpod_worker.problems import Problem, answer_refused

PAUSES_S: Sequence[float] = (0.5, 1, 2, 4, 8, 15, 30)
"""Between tries: a minute of a platform that does not answer is survived."""
_REFUSALS = frozenset({400, 413, 422})


async def deliver(platform: Platform, job_id: str, result: dict[str, Any]) -> bool:
    """Send the result of a job in the SDK's shape, `{"output", "error"}`; returns whether RunPod has taken one."""
    status = await _send(platform, job_id, result)
    if status in _REFUSALS and "success" in (result.get("output") or {}):
        log(logging.ERROR, "result refused", status=status)
        status = await _send(platform, job_id, as_result(answer_refused(status)))
    is_taken = status is not None and status < 300
    if not is_taken:
        log(logging.ERROR, "result not delivered", status=status)
    return is_taken


def as_result(problem: Problem) -> dict[str, Any]:
    """A problem in the SDK's shape."""
    answer = failure(problem)
    return {"error": answer.pop("error"), "output": answer}


async def _send(platform: Platform, job_id: str, result: dict[str, Any]) -> int | None:
    """Send a result, with retries; return the last HTTP status, `None` if RunPod did not answer."""
    status: int | None = None

    async def attempt() -> None:
        nonlocal status
        status, retry_after = None, None
        try:
            status, retry_after = await platform.answer(job_id, result)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log(logging.WARNING, "result not taken", reason=type(error).__name__)
        if status is None or is_retryable(status):
            raise AttemptFailed(_NotDelivered(), parse_retry_after(retry_after))

    def log_retry(_: Exception, pause_s: float) -> None:
        log(logging.WARNING, "result sent again", status=status, pause_s=pause_s)

    with suppress(_NotDelivered):
        await retry(attempt, PAUSES_S, log_retry)
    return status


class _NotDelivered(Exception):
    pass
