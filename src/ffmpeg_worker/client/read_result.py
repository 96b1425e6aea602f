"""Reads the API's response to a job: a result, a problem, or something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.client.errors import ApiError, bad_response, key_refused
from ffmpeg_worker.job.actions import ACTIONS


def read_result(action: str, status: int, raw: bytes) -> dict[str, Any]:
    """Return the result in a response of the API.

    Raises:
        ApiError: the response is a problem, or neither a result nor a problem (`api_bad_answer`).
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_response(f"HTTP {status} with a body that is not JSON.", status=status) from None
    if not isinstance(value, dict):
        raise bad_response(f"HTTP {status} with a body that is not a JSON object.", status=status)
    if status == 200 and ACTIONS[action].result_keys & value.keys():
        return value
    if status < 400 or not _is_problem(value):
        raise bad_response(f"HTTP {status} with neither a result nor a problem.", status=status)
    raise key_refused() if status == 401 else ApiError(value)


def _is_problem(value: Mapping[str, Any]) -> bool:
    message = value.get("error")
    return isinstance(message, str) and bool(message) and isinstance(value.get("code"), str)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
