"""Turns a job of RunPod into a request to the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeGuard

from ffmpeg_worker.client.api_client import JobRequest
from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.envelope import read_time_limit, shorten, unwrap_job
from ffmpeg_worker.job.job import COMMON_FIELDS, Job
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.platform_job import is_platform_id
from ffmpeg_worker.job.runpod_request import add_s3_config
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.loose_values import is_blank

_MAX_LOGGED_ID_LENGTH = 128
PART_KEY = "is_part"
"""Key of an `input` that another worker sent as a part of its own job. Such a job is not split again."""
PART_ID_KEY = "part_id"
"""Key of such an input with the id of the part, which is the same when RunPod delivers the whole job again."""


@dataclass(frozen=True, slots=True)
class RunpodRequest(JobRequest):
    """A request to the API, with the `job` that its body describes.

    `timeout_s` is the time until RunPod ends the job, if the caller set it. `is_part` marks a part of a split job.
    """

    job: Job | None = None
    is_part: bool = False


def read_request(job: Any, *, max_bytes: int) -> RunpodRequest:
    """Check a job of RunPod and make the request for it, with the values as the caller wrote them.

    Args:
        job: `{"id", "input": {…}}`, `input` in either spelling; `policy` and `s3Config` may stand beside it, and
            `webhook`, which RunPod calls itself.
        max_bytes: the largest body that the API accepts.

    Raises:
        InvalidJob: `input` is missing or not a job; `where.field` is the JSON path inside `input`.
        UnsupportedFeature: the contract has this feature, but this version does not.
    """
    job_input = job.get("input") if isinstance(job, dict) else None
    if job_input is None:
        raise InvalidJob('The job has no "input".', code="missing_field", where={"field": "input"})
    _check_json(job_input)
    job_input = add_s3_config(unwrap_job(job_input), job)
    platform_job_id = _read_platform_job_id(job.get("id"))
    is_part = isinstance(job_input, dict) and job_input.get(PART_KEY) is True
    if is_part:
        platform_job_id = _read_platform_job_id(job_input.get(PART_ID_KEY))
        job_input = {key: value for key, value in job_input.items() if key not in {PART_KEY, PART_ID_KEY}}
    parsed = parse_job(job_input)
    _refuse_queue_fields(parsed)
    data = job_input["data"] if is_blank(job_input.get("path")) else job_input["body"]
    common = {key: value for key, value in job_input.items() if key in COMMON_FIELDS}
    data = {key: value for key, value in data.items() if key not in common or not is_blank(value)}
    timeout_s = read_time_limit(job.get("policy"))
    if timeout_s is not None and is_blank({**common, **data}.get("timeout")):
        data = {key: value for key, value in data.items() if key != "timeout"}
        common["timeout"] = shorten(timeout_s)
    body = json.dumps({**common, **data}, ensure_ascii=False).encode()
    if len(body) > max_bytes:
        raise InvalidJob(
            f"The job is larger than {max_bytes} bytes.",
            code="body_too_large",
            hint="Name files instead of sending their content, or raise FFMPEG_WORKER_MAX_BODY_BYTES.",
        )
    return RunpodRequest(parsed.action, body, timeout_s, platform_job_id, parsed, is_part)


def read_job_id(job: Any) -> str:
    """Return RunPod's id of the job, made safe for a log line."""
    job_id = job.get("id") if isinstance(job, dict) else None
    printable = "".join(character for character in str(job_id or "") if character.isprintable())
    return printable[:_MAX_LOGGED_ID_LENGTH] or "unknown"


def is_job_id(value: Any) -> TypeGuard[str]:
    """Whether this is an id that RunPod may give a job, and that can stand in a URL."""
    return isinstance(value, str) and is_platform_id(value)


def _read_platform_job_id(value: Any) -> str | None:
    is_usable = isinstance(value, str) and is_platform_id(value)
    return value if is_usable else None


def _refuse_queue_fields(job: Job) -> None:
    """Refuse fields that only a queue of our own can carry out: here the queue is RunPod's."""
    field = job.needs_queue
    if field is None:
        return
    hint = f'Remove "{field}", or send the job to the HTTP API of a worker with a queue.'
    if field in {"callback_url", "webhook"}:
        hint = 'Put the URL into "webhook" beside "input": RunPod calls it when the job has ended.'
    elif field == "async":
        hint = 'Remove "async": on RunPod, /run answers at once and /runsync waits.'
    raise UnsupportedFeature(
        f'A job on RunPod cannot have "{field}": RunPod is its queue.', hint=hint, where={"field": field}
    )


def _check_json(job_input: Any) -> None:
    """Apply the API's own strict JSON rules, since the SDK's decoder accepts more."""
    try:
        text = json.dumps(job_input)
    except RecursionError:
        raise InvalidJob("The JSON is nested too deep.", code="invalid_json") from None
    except (TypeError, ValueError):
        raise InvalidJob("The job has a value that JSON does not allow.", code="invalid_json") from None
    read_json(text)
