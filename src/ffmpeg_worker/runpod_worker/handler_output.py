"""The handler's output, in the shape that RunPod's SDK can deliver."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.runpod_output import HandlerOutput, failure_of

MAX_OUTPUT_BYTES = 8 << 20
"""RunPod accepts 10 MB after `/run`; it drops a larger output silently, and the job never ends."""
_MAX_MESSAGE_LENGTH = 2000
_LOGS_DROPPED = (
    'The "logs" were left out, because the result was too large for RunPod: measure less in one job, or let '
    "filters write files."
)


def failure(error: WorkerError) -> HandlerOutput:
    """Make the output of a job that failed."""
    return failure_of(error.as_problem())


def crash() -> HandlerOutput:
    """Make the output for a defect of the worker; the traceback is in the log only."""
    return failure(WorkerError("The worker failed unexpectedly.", hint="See the worker's log for the cause."))


def finalize(output: HandlerOutput) -> HandlerOutput:
    """Make an output plain JSON in valid Unicode, without NaN, of at most 8 MiB.

    The SDK drops an output that it cannot encode, and the job would stay in progress for ever.
    """
    cleaned: HandlerOutput = _clean(output)
    size = len(json.dumps(cleaned, ensure_ascii=False, allow_nan=False).encode())
    if size <= MAX_OUTPUT_BYTES:
        return cleaned
    if "error" not in cleaned and _drop_logs(cleaned["result"]):
        return finalize(cleaned)
    if "error" in cleaned:
        message = cleaned["error"][:_MAX_MESSAGE_LENGTH]
        kept = {key: cleaned["details"].get(key) for key in ("code", "fault", "retryable")}
        return {"error": message, "details": {"error": message, **kept}}
    return failure(
        InvalidJob(
            f"The result is too large for RunPod: {size} bytes; the limit is {MAX_OUTPUT_BYTES}.",
            code="result_too_large",
            hint="Ask for less in one job: limit a probe of packets or frames with -read_intervals; give a "
            'preview a smaller "width", or write it to a file with "output".',
        )
    )


def _drop_logs(result: Any) -> bool:
    """Take the logs out of a result, with a warning in their place; return whether there were any."""
    if not isinstance(result, dict):
        return False
    parts = [result, *(part for part in result.get("results") or () if isinstance(part, dict))]
    holders = [part for part in parts if part.pop("logs", None)]
    if holders:
        result["warnings"] = [*(result.get("warnings") or ()), _LOGS_DROPPED]
    return bool(holders)


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
