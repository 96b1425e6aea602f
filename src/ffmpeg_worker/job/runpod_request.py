"""RunPod's request, `{"input": job, "webhook", "policy", "s3Config"}`, as a job of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import FrozenModel, field_names
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.envelope import unwrap_job
from ffmpeg_worker.job.explain import missing_field, unknown_field
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.job.queue_fields import MAX_PRIORITY, QueueFields
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.loose_values import is_blank, read_loose_values, read_number
from ffmpeg_worker.validation_errors import describe_problem

_MAX_MS = 1e15


class Policy(FrozenModel):
    """RunPod's limits of one job; times are in milliseconds.

    Attributes:
        executionTimeout: how long the job may run.
        ttl: how long after it was sent it may still be started.
        lowPriority: whether it runs after all others.
    """

    executionTimeout: float | None = Field(None, gt=0, le=_MAX_MS, allow_inf_nan=False)  # noqa: N815  (RunPod's)
    ttl: float | None = Field(None, gt=0, le=_MAX_MS, allow_inf_nan=False)
    lowPriority: bool = False  # noqa: N815


class _BesideInput(QueueFields):
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """A request to an endpoint.

    Attributes:
        content: JSON of the whole job, with what the policy says about it; whether it is valid is not known.
        action: the name of its action, if there is one of that name.
        webhook: URL that RunPod would call when the job has ended.
        ttl_s: seconds after which the job is not started any more.
    """

    content: bytes
    action: str | None
    webhook: str | None
    ttl_s: float | None

    @property
    def callback(self) -> QueueFields:
        """The webhook as fields of a job."""
        return QueueFields(webhook=self.webhook)


def read_endpoint_request(content: bytes) -> EndpointRequest:
    """Read the body of `/run` or `/runsync`.

    Fields that all jobs share may stand beside `input`; other keys there are ignored, as RunPod does.

    Raises:
        InvalidJob: it is not JSON, has no `input`, or `webhook` or `policy` are wrong.
    """
    request = read_json(content)
    if not isinstance(request, dict):
        raise InvalidJob(
            "The request must be a JSON object.", hint='Send {"input": {…}}, with the job in "input".'
        )
    if request.get("input") is None:
        raise missing_field("input")
    beside = _read_beside(request)
    policy = beside.policy or Policy()
    job = _unwrap(request["input"])
    if isinstance(job, dict):
        job = dict(add_s3_config(job, request))
        for key in sorted(COMMON_FIELDS - {"s3Config"}):
            _add(job, key, request.get(key))
        if policy.executionTimeout is not None:
            _limit_timeout(job, policy.executionTimeout / 1000)
        if policy.lowPriority and is_blank(_find(job, "priority")):
            _put(job, "priority", MAX_PRIORITY)
    return EndpointRequest(
        _encode(job),
        _name_action(job),
        beside.webhook,
        None if policy.ttl is None else policy.ttl / 1000,
    )


def _encode(job: Any) -> bytes:
    try:
        return json.dumps(job, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        raise InvalidJob("The request has a number that is too large.", code="invalid_json") from None


def add_s3_config(job: Any, request: Mapping[str, Any]) -> Any:
    """Add the `s3Config` that RunPod puts beside `input`, unless the job itself says where outputs go."""
    config = request.get("s3Config")
    if not config or not isinstance(job, dict) or job.get("upload") or job.get("s3Config"):
        return job
    return {**job, "s3Config": config}


def _read_beside(request: Mapping[str, Any]) -> _BesideInput:
    given = {key: request[key] for key in ("webhook", "policy") if key in request}
    value, _ = read_loose_values(given, _BesideInput)
    try:
        return _BesideInput.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        raise unknown_field(str(first["loc"][-1]), field_names(Policy), field)
    raise InvalidJob(f'"{field}" {describe_problem(first)}.', code="invalid_value", where={"field": field})


def _unwrap(job: Any) -> Any:
    """Return a job that was wrapped twice; one that is wrapped wrongly is refused when the job is read."""
    try:
        return unwrap_job(job)
    except InvalidJob:
        return job


def _holders(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects in which common fields may stand: the job, and its data."""
    return [job, *(job[key] for key in ("data", "body") if isinstance(job.get(key), dict))]


def _find(job: dict[str, Any], field: str) -> Any:
    return next((holder[field] for holder in _holders(job) if not is_blank(holder.get(field))), None)


def _put(job: dict[str, Any], field: str, value: Any) -> None:
    for key in ("data", "body"):
        if isinstance(job.get(key), dict):
            job[key] = {name: item for name, item in job[key].items() if name != field}
    job[field] = value


def _add(job: dict[str, Any], field: str, value: Any) -> None:
    if is_blank(value):
        return
    if not is_blank(_find(job, field)):
        raise InvalidJob(
            f'"{field}" stands both beside and inside "input".', hint="Keep one of them.", where={"field": field}
        )
    _put(job, field, value)


def _limit_timeout(job: dict[str, Any], limit_s: float) -> None:
    """Lower the timeout of a job; one that is no number is refused when the job is read."""
    own = _find(job, "timeout")
    seconds = read_number(own) if isinstance(own, str) else own
    if own is None or (isinstance(seconds, int | float) and seconds > limit_s):
        _put(job, "timeout", limit_s)


def _name_action(job: Any) -> str | None:
    """Return the name of a job's action, if there is one of that name or path."""
    if not isinstance(job, dict):
        return None
    path = str(job.get("path")).removeprefix("/api")
    by_path = {action.path: action.name for action in ACTIONS.values()}
    return by_path.get(path) or next((name for name in ACTIONS if name == job.get("action")), None)
