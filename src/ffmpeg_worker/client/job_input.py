"""A job as callers of the client write it: an action with its data, or a whole job in either spelling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.action_paths import ACTION_PATHS

WholeJob = Mapping[str, Any] | bytes
"""`{"action", "data", …}` or `{"path", "body", …}`, or its JSON as it was written."""

_QUEUE_FIELDS = ("callback_url", "webhook", "idempotency_key", "async", "priority")


@dataclass(frozen=True, slots=True)
class CommonFields:
    """The fields of a job that the client's calls take by name; None leaves one out."""

    inputs: Mapping[str, Any] | list[Any] | None = None
    upload: Mapping[str, Any] | None = None
    webhook: str | None = None
    metadata: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are given."""
        fields = {
            "inputs": self.inputs,
            "upload": self.upload,
            "callback_url": self.webhook,
            "metadata": self.metadata,
        }
        return {name: value for name, value in fields.items() if value is not None}


def make_job(job: str | WholeJob, data: Mapping[str, Any] | None, common: CommonFields) -> bytes:
    """Write a whole job as JSON; `common` replaces fields of the job.

    Raises:
        InvalidJob: it has a value that JSON does not allow, or `data` stands beside a whole job.
    """
    given = common.as_json()
    if isinstance(job, str):
        return _encode({"action": job, "data": {} if data is None else data, **given})
    if data is not None:
        raise InvalidJob(
            "A whole job has its data already.",
            code="invalid_value",
            hint='Give the name of an action and its data, or a whole job: {"action": …, "data": …}.',
        )
    if isinstance(job, bytes) and not given:
        return job
    return _encode({**(json.loads(job) if isinstance(job, bytes) else job), **given})


def find_route(job: bytes) -> str | None:
    """Return the route of a job's action below the base URL.

    None: the job does not say, names an action that this version does not know, or belongs into a queue.
    """
    try:
        value = json.loads(job)
    except (ValueError, RecursionError):
        return None
    while isinstance(value, dict) and isinstance(value.get("input"), dict) and not {"action", "path"} & {*value}:
        value = value["input"]
    if not isinstance(value, dict) or any(value.get(key) for key in _QUEUE_FIELDS):
        return None
    path = value.get("path")
    if isinstance(path, str):
        return next((each for each in ACTION_PATHS.values() if each == path.removeprefix("/api")), None)
    return ACTION_PATHS.get(str(value.get("action")))


def _encode(job: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(job, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidJob(
            "The job has a value that JSON does not allow.",
            code="invalid_json",
            hint="Use texts, numbers, true, false, None, lists and dictionaries with texts as keys.",
        ) from None
