"""Gets results to RunPod: again where that may help, and a short refusal in place of one that it does not take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp

from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.handler_output import failure
from ffmpeg_worker.runpod_worker.platform import Platform
from ffmpeg_worker.runpod_worker.problems import Problem, answer_refused

PAUSES_S: Sequence[float] = (0.5, 1, 2, 4, 8, 15, 30)
"""Between tries: a minute of a platform that does not answer is survived."""
_LONGEST_PAUSE_S = 30.0
_REFUSALS = frozenset({400, 413, 422})
_MAY_PASS = frozenset({408, 425, 429})


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
    """The status that it ended with; None: no answer at all."""
    status = None
    for pause in (*PAUSES_S, None):
        wish: str | None = None
        try:
            status, wish = await platform.answer(job_id, result)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            status = None
            log(logging.WARNING, "result not taken", reason=type(error).__name__)
        if status is not None and status < 500 and status not in _MAY_PASS:
            return status
        if pause is not None:
            log(logging.WARNING, "result is sent again", status=status, pause_s=pause)
            await asyncio.sleep(_pause(wish, pause))
    return status


def _pause(wish: str | None, pause: float) -> float:
    return min(float(wish), _LONGEST_PAUSE_S) if wish is not None and wish.isdecimal() else pause
