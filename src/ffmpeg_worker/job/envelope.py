"""The object that RunPod's clients put around a job: `{"input": {…}}`.

Jobs are copied between the terminal, RunPod's console and HTTP clients, so every one of them accepts it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.explain import unknown_field
from ffmpeg_worker.job.job import COMMON_FIELDS

_INPUT = "input"
_NAMES = frozenset({"action", "path"})
_SOURCE_KEYS = frozenset({"url", "content"})
# RunPod's own fields of a request and of a job as a worker receives it; `policy` may hold a time limit.
_IGNORED = frozenset({"id", "delivery", "webhook_token"})
_POLICY = "policy"


def unwrap_job(value: Any) -> Any:
    """Return the job in `{"input": {…}}`, with the fields that stand beside `input`; other values unchanged.

    Raises:
        InvalidJob: a field beside `input` is not known, or also stands in the job.
    """
    while isinstance(value, dict) and isinstance(value.get(_INPUT), dict) and not _NAMES & value.keys():
        value = _merge(value)
    return value


def unwrap_body(value: Any, own_fields: Collection[str]) -> Any:
    """Return the body of an action's route without the envelope; `own_fields` are the fields of the action.

    Where the action itself has a field `input`, an object with `url` or `content` is the value of that field.
    """
    while isinstance(value, dict) and isinstance(value.get(_INPUT), dict):
        if _INPUT in own_fields and _SOURCE_KEYS & value[_INPUT].keys():
            break
        value = _merge(value)
    return value


def read_time_limit(policy: Any) -> float | None:
    """Return the seconds until shortly before RunPod ends a job; `policy.executionTimeout` is in ms."""
    match policy:
        case {"executionTimeout": int(limit_ms) | float(limit_ms)} if limit_ms > 0 and math.isfinite(limit_ms):
            return shorten(limit_ms / 1000)
    return None


def shorten(seconds: float) -> float:
    """Leave up to a second for the answer."""
    return seconds - min(1.0, seconds / 10)


def _merge(envelope: Mapping[str, Any]) -> dict[str, Any]:
    job: dict[str, Any] = dict(envelope[_INPUT])
    for key, item in envelope.items():
        if key == "s3Config":
            if item and not job.get("upload") and not job.get("s3Config"):
                job[key] = item
        elif key == _POLICY:
            limit_s = read_time_limit(item)
            if limit_s is not None and "timeout" not in _all_keys(job):
                job["timeout"] = limit_s
        elif key in COMMON_FIELDS:
            if key in job:
                raise InvalidJob(
                    f'"{key}" stands both beside and inside "input".',
                    hint="Keep one of them.",
                    where={"field": key},
                )
            job[key] = item
        elif key != _INPUT and key not in _IGNORED:
            raise unknown_field(key, (_INPUT, _POLICY, *sorted(COMMON_FIELDS)), key)
    return job


def _all_keys(job: Mapping[str, Any]) -> set[str]:
    """Return the keys of a job and of its data: common fields may stand in either."""
    data = job.get("body", job.get("data"))
    return {*job, *(data if isinstance(data, dict) else ())}
