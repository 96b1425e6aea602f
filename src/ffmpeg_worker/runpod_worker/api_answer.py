"""Whether what the HTTP door sent is a result, a problem, or neither."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.runpod_worker.problems import JobFailed, bad_answer, refused_key


def read_result(action: str, status: int, raw: bytes) -> dict[str, Any]:
    """The result in the HTTP door's answer to an action.

    Raises:
        JobFailed: it is a problem, or neither (`api_bad_answer`).
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_answer(f"HTTP {status}, and what follows is not JSON.", status=status) from None
    if not isinstance(value, dict):
        raise bad_answer(f"HTTP {status}, and what follows is not a JSON object.", status=status)
    if status == 200 and ACTIONS[action].result_keys & value.keys():
        return value
    if status < 400 or not _is_problem(value):
        raise bad_answer(f"HTTP {status}, and neither a result nor a problem.", status=status)
    raise refused_key() if status == 401 else JobFailed(value)


def _is_problem(value: Mapping[str, Any]) -> bool:
    sentence = value.get("error")
    return isinstance(sentence, str) and bool(sentence) and isinstance(value.get("code"), str)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
