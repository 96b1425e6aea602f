"""Jobs that a request puts into the queue, and the responses about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.file_answer import respond_with_outputs
from ffmpeg_worker.api.idempotency import IDEMPOTENCY_HEADER, REPLAYED_HEADER, read_idempotency_key
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE, NdjsonProgressResponse
from ffmpeg_worker.api.preferences import Preferences, read_preferences
from ffmpeg_worker.api.problems import problem_response, unexpected_error_response
from ffmpeg_worker.api.request_folder import RequestFolder
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.spooled_response import spool
from ffmpeg_worker.api.wait_for_job import OnChange, ignore_change, wait_for_end
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job.queue_fields import QueueFields
from ffmpeg_worker.job_queue.describe_job import describe_job as describe_record
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.planning.planner import ReadJob


@dataclass(frozen=True, slots=True)
class _Shape:
    """Form of the answer about an ended job: its record, its outputs, or otherwise its result."""

    shows_record: bool
    answers_files: bool


_TRUE = frozenset({"true", "1", "yes", "on", ""})
_FALSE = frozenset({"false", "0", "no", "off"})
_KEYS = tuple(
    f'"{field.alias or name}"'.encode()
    for name, field in QueueFields.model_fields.items()
    if name in {"async_", "callback_url", "webhook", "idempotency_key"}
)


def may_need_queue(request: Request, body: JobBody) -> bool:
    """Whether a request may ask for a queued job; a cheap look, as most requests do not."""
    return (
        not app_state_of(request).services.queue.runs_jobs
        or not {"async", "wait"}.isdisjoint(request.query_params)
        or "prefer" in request.headers
        or IDEMPOTENCY_HEADER in request.headers
        or any(key in body.content for key in _KEYS)
    )


def asks_queue(request: Request, read: ReadJob[Any]) -> bool:
    """Whether a request asks for a queued job; where other processes run the jobs, all are queued.

    Preferences do not, where there is no queue: they are wishes. One to wait so long and no longer needs the
    queue, since a job that runs directly ends with its request.
    """
    preferred, queue = read_preferences(request), app_state_of(request).services.queue
    if not queue.runs_jobs:
        return True
    if bool(_asks_async(request)) or read_idempotency_key(request) or read.job.needs_queue:
        return True
    wishes = preferred.is_async or preferred.wait_s is not None
    return wishes and queue.is_on


async def respond_from_queue(
    request: Request,
    body: JobBody,
    read: ReadJob[Any],
    folder: RequestFolder,
    *,
    shows_record: bool = False,
    answers_files: bool = False,
) -> Response:
    """Queue a job, and respond with its result, if it ends while the caller waits, otherwise with its record.

    With `shows_record`, an ended job is shown by its record too; with `answers_files`, the result are its outputs.
    A caller that goes away does not stop the job, to which the files of the request go.

    Raises:
        WorkerError: the job cannot be queued, or failed while the caller waited.
    """
    preferred = read_preferences(request)
    asked = _asks_async(request)
    is_async = shows_record or ((read.job.async_ or preferred.is_async) if asked is None else asked)
    wait_s: float = preferred.wait_s or 0
    if not is_async and preferred.wait_s is None:
        wait_s = app_state_of(request).services.settings.max_timeout_s
    shape = _Shape(shows_record=shows_record, answers_files=answers_files and not shows_record)
    run = partial(_submit_and_wait, request, body, read, folder, wait_s, shape)
    if wait_s and not shows_record and NDJSON_TYPE in request.headers.get("accept", ""):
        return NdjsonProgressResponse(partial(_run_to_response, request, run))
    return await run(ignore_change)


async def respond_with_job(request: Request, job: JobRecord) -> Response:
    """Respond with the record of a job, when it has ended or the caller prefers to wait no longer.

    Raises:
        WorkerError: see `wait_for_end`.
    """
    preferred = read_preferences(request)
    job = await wait_as_preferred(request, job, preferred)
    return await accepted_response(request, job, preferred.as_headers())


async def wait_as_preferred(request: Request, job: JobRecord, preferred: Preferences) -> JobRecord:
    """Return a job when it has ended, or when the preferred time is over.

    Raises:
        KeyLimitReached: too many requests wait.
        WorkerError: see `wait_for_end`.
    """
    request_record_of(request.scope).job_id = job.job_id
    if not preferred.wait_s or job.is_final:
        return job
    with app_state_of(request).held.admit(job.owner):
        return await wait_for_end(request, job, preferred.wait_s)


async def accepted_response(
    request: Request, job: JobRecord, headers: Mapping[str, str], *, status: int | None = None
) -> Response:
    """Respond with the record of a job: by default with 202, or 200 if it has ended.

    Raises:
        DiskFull: see `spool`.
    """
    value = describe_job(request, job)
    all_headers = {"Location": value["status_url"], **headers}
    return await spool_json(request, value, status or (200 if job.is_final else 202), headers=all_headers)


async def result_response(request: Request, job: JobRecord, headers: Mapping[str, str]) -> Response:
    """Respond with the result of an ended job.

    Raises:
        WorkerError: why it failed.
    """
    if job.error is not None:
        raise error_from_problem(job.error)
    return await spool_json(request, link_outputs(request, job).result, headers=headers)


async def spool_json(
    request: Request, value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Respond with JSON; large responses wait for slow readers in a file.

    Raises:
        DiskFull: see `spool`.
    """
    folder = app_state_of(request).services.resources.scratch.root
    return await spool(json_response(value, status, headers=headers), folder)


def link_outputs(request: Request, job: JobRecord) -> JobRecord:
    """Return a job whose outputs have the links by which they can be fetched."""
    queue = app_state_of(request).services.queue.opened
    return job if queue is None else queue.links.describe_outputs(job, base_url(request))


def describe_job(request: Request, job: JobRecord) -> dict[str, Any]:
    """Return a job as its callers see it."""
    return describe_record(link_outputs(request, job), base_url(request))


def base_url(request: Request) -> str:
    """Return the base of links in answers, without a slash at its end."""
    settings = app_state_of(request).services.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")


async def _submit_and_wait(
    request: Request,
    body: JobBody,
    read: ReadJob[Any],
    folder: RequestFolder,
    wait_s: float,
    shape: _Shape,
    on_change: OnChange,
) -> Response:
    """Queue a job, wait, and respond.

    Raises:
        WorkerError: see `respond_from_queue`.
    """
    record, held = request_record_of(request.scope), app_state_of(request).held
    with held.admit(record.owner) if wait_s else nullcontext():
        job, is_new = await _submit(request, body, read, folder)
        record.job_id = job.job_id
        job = await wait_for_end(request, job, wait_s, on_change=on_change)
    headers = {**read_preferences(request).as_headers(), **({} if is_new else {REPLAYED_HEADER: "true"})}
    if shape.shows_record:
        return await accepted_response(request, job, headers)
    if not wait_s or not job.is_final:
        return await accepted_response(request, job, headers, status=202)
    if shape.answers_files and job.error is None:
        return await _respond_with_outputs(request, job)
    return await result_response(request, job, headers)


async def _respond_with_outputs(request: Request, job: JobRecord) -> Response:
    """Respond with the outputs of a job that has succeeded.

    Raises:
        InvalidJob: it has none here.
    """
    queue = await app_state_of(request).services.queue.get()
    return await respond_with_outputs(job.result or {}, [queue.folders.outputs_of(job.job_id)])


async def _submit(
    request: Request, body: JobBody, read: ReadJob[Any], folder: RequestFolder
) -> tuple[JobRecord, bool]:
    """Queue a job; returns it, and whether it is new.

    Raises:
        WorkerError: see `JobQueue.submit`.
    """
    queue = await app_state_of(request).services.queue.get()
    from ffmpeg_worker.job_queue.sent_job import SentJob  # noqa: PLC0415 - loads the engine

    record = request_record_of(request.scope)
    key = read_idempotency_key(request)
    sent = SentJob(
        body, read.job, record.owner, job_id=record.job_id, idempotency_key=key, base_url=base_url(request)
    )
    await folder.move_to_queue()
    folder.hand_over()  # also where the caller goes away now: the job is queued then
    try:
        job, is_new = await queue.submit(sent)
    except WorkerError:
        folder.take_back()
        raise
    if not is_new:
        folder.take_back()
    return job, is_new


async def _run_to_response(
    request: Request, run: Callable[[OnChange], Awaitable[Response]], observer: Observer
) -> Response:
    """Run a job; return its result or its problem as response, since the response may have begun."""
    record = request_record_of(request.scope)
    try:
        return await run(lambda job: observer(_progress_of(job)))
    except WorkerError as error:
        record.error = error
        return problem_response(error, record.job_id)
    except Exception:
        return unexpected_error_response(record.job_id)


def _progress_of(job: JobRecord) -> JobEvent:
    """Return the progress of a job; one that no worker has begun waits."""
    return JobEvent(Stage.WAITING, 0.0) if job.progress is None else JobEvent.from_json(job.progress)


def _asks_async(request: Request) -> bool | None:
    value = request.query_params.get("async")
    if value is None:
        return None
    if value.lower() not in _TRUE | _FALSE:
        raise InvalidJob(
            '"async" in the query string is neither true nor false.',
            code="invalid_value",
            hint="Give ?async=true, or leave it out.",
            where={"field": "async"},
        )
    return value.lower() in _TRUE
