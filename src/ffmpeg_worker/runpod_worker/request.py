"""From RunPod's job to the request of the HTTP door."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.common_fields import COMMON_FIELDS
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.strict_json import read_json

_UNNAMED = "unknown"
PART_KEY = "is_part"
"""Beside the action of an `input`: a worker has sent it as a part of its own job. Such a job is not cut again."""


@dataclass(frozen=True, slots=True)
class Request:
    """One POST to the HTTP door: `path` below its base URL, `body` in JSON.

    `limit_s`: seconds until RunPod ends the job, where the caller has chosen them. `job` is what the body says.
    """

    action: str
    path: str
    body: bytes
    limit_s: float | None = None
    job: Job | None = None
    is_part: bool = False


def read_request(job: Any, *, max_bytes: int) -> Request:
    """Check the job of RunPod's job dictionary and make the request for it, with the caller's own values.

    Args:
        job: `{"id", "input": {…}}`, `input` in either spelling; `policy` and `s3Config` may stand beside it.
        max_bytes: the largest body that the HTTP door takes; it does not read a larger one to its end.

    Raises:
        InvalidJob: there is no `input`, or it is no job; `where.field` is the JSON path inside `input`.
        UnsupportedFeature: right by the contract, not served by this build.
    """
    asked = job.get("input") if isinstance(job, dict) else None
    if asked is None:
        raise InvalidJob('The job has no "input".', code="missing_field", where={"field": "input"})
    _check_json(asked)
    asked = _with_s3_config(asked, job)
    is_part = isinstance(asked, dict) and asked.get(PART_KEY) is True
    if is_part:
        asked = {key: value for key, value in asked.items() if key != PART_KEY}
    parsed = parse_job(asked)
    action = parsed.action
    data = asked["body"] if "path" in asked else asked["data"]
    common = {key: value for key, value in asked.items() if key in COMMON_FIELDS}
    limit_s = _limit_of(job)
    if limit_s is not None and "timeout" not in {**common, **data}:
        common["timeout"] = _a_little_less(limit_s)
    body = json.dumps({**common, **data}, ensure_ascii=False).encode()
    if len(body) > max_bytes:
        raise InvalidJob(
            f"The job is larger than {max_bytes} bytes.",
            code="body_too_large",
            hint="Name files instead of sending their content, or raise FFMPEG_WORKER_MAX_BODY_BYTES.",
        )
    return Request(action, ACTIONS[action].path, body, limit_s, parsed, is_part)


def read_job_id(job: Any) -> str:
    """RunPod's id of the job, fit for a log line."""
    name = job.get("id") if isinstance(job, dict) else None
    printable = "".join(character for character in str(name or "") if character.isprintable())
    return printable[:128] or _UNNAMED


def _with_s3_config(asked: Any, job: Any) -> Any:
    """RunPod's `s3Config` stands beside `input`; what the job itself says comes first."""
    config = job.get("s3Config")
    if not config or not isinstance(asked, dict) or asked.get("upload") or asked.get("s3Config"):
        return asked
    return {**asked, "s3Config": config}


def _limit_of(job: dict[str, Any]) -> float | None:
    """Seconds by which the answer must be there for RunPod to take it: `policy.executionTimeout` is in ms."""
    match job.get("policy"):
        case {"executionTimeout": int(limit_ms) | float(limit_ms)} if limit_ms > 0 and math.isfinite(limit_ms):
            return _a_little_less(limit_ms / 1000)
    return None


def _a_little_less(seconds: float) -> float:
    return seconds - min(1.0, seconds / 10)


def _check_json(asked: Any) -> None:
    """Hold the value to what the HTTP door takes as JSON; the SDK's own decoder takes more."""
    try:
        text = json.dumps(asked)
    except RecursionError:
        raise InvalidJob("The JSON is nested too deep.", code="invalid_json") from None
    except (TypeError, ValueError):
        raise InvalidJob("The job holds what is not JSON.", code="invalid_json") from None
    read_json(text)
