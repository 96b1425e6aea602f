"""What RunPod's SDK gets back: only answers that it can deliver."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.runpod_worker.problems import Problem

Answer = dict[str, Any]
"""`{"success": true, "result": …}` or `{"error": sentence, "details": …}`."""

MAX_ANSWER_BYTES = 8 << 20
"""RunPod takes 10 MB after `/run`; a larger answer is dropped without a word and the job never ends."""
_MAX_SENTENCE = 2000


def success(result: Mapping[str, Any]) -> Answer:
    """The answer of a job that ended well."""
    return {"success": True, "result": result}


def failure(problem: Problem) -> Answer:
    """The answer of a job that failed: its sentence, and the rest of the problem as `details`."""
    details = {key: value for key, value in problem.items() if key != "error"}
    # The SDK takes an empty `error` for success, and RunPod takes one that is no string for it.
    return {"error": str(problem.get("error") or "The job failed."), "details": details}


def finalize(answer: Answer) -> Answer:
    """Make an answer that is plain JSON, valid Unicode, without NaN, and at most 8 MiB.

    What the SDK cannot encode it drops: the job would stay in progress for ever.
    """
    cleaned = _clean(answer)
    size = len(json.dumps(cleaned, ensure_ascii=False, allow_nan=False).encode())
    if size <= MAX_ANSWER_BYTES:
        return {str(key): value for key, value in cleaned.items()}
    if "error" in cleaned:
        kept = {key: cleaned["details"].get(key) for key in ("code", "fault", "retryable")}
        return {"error": cleaned["error"][:_MAX_SENTENCE], "details": kept}
    return _too_large(size)


def _too_large(size: int) -> Answer:
    return failure(
        {
            "error": f"The result is too large for RunPod: {size} bytes, and {MAX_ANSWER_BYTES} are the limit.",
            "code": "result_too_large",
            "fault": Fault.CALLER.value,
            "retryable": False,
            "hint": "Ask for less in one job: a probe with packets or frames can be cut with -read_intervals, a "
            'preview with "width", or written to a file with "output".',
        }
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return _clean(str(value))
