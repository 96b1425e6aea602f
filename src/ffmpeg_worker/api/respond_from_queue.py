"""Puts the job of a request into the queue, and responds with its result or its record."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.file_answer import respond_with_outputs
from ffmpeg_worker.api.idempotency import REPLAYED_HEADER, read_idempotency_key
from ffmpeg_worker.api.job_responses import accepted_response, result_response
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE, NdjsonProgressResponse
from ffmpeg_worker.api.preferences import read_preferences
from ffmpeg_worker.api.queue_choice import read_async
from ffmpeg_worker.api.request_folder import RequestFolder
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.wait_for_job import OnChange, ignore_change, wait_for_end
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.planning.planner import ReadJob


@dataclass(frozen=True, slots=True)
class _Shape:
    """Form of the answer about an ended job: its record, its outputs, or otherwise its result."""

    shows_record: bool
    answers_files: bool


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
    asked = read_async(request)
    is_async = shows_record or ((read.job.async_ or preferred.is_async) if asked is None else asked)
    wait_s: float = preferred.wait_s or 0
    if not is_async and preferred.wait_s is None:
        wait_s = app_state_of(request).services.settings.max_timeout_s
    shape = _Shape(shows_record=shows_record, answers_files=answers_files and not shows_record)
    run = partial(_submit_and_wait, request, body, read, folder, wait_s, shape)
    if wait_s and not shows_record and NDJSON_TYPE in request.headers.get("accept", ""):
        return NdjsonProgressResponse(lambda observer: run(lambda job: observer(_progress_of(job))))
    return await run(ignore_change)


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


def _progress_of(job: JobRecord) -> JobEvent:
    """Return the progress of a job; one that no worker has begun waits."""
    return JobEvent(Stage.WAITING, 0.0) if job.progress is None else JobEvent.from_json(job.progress)
