"""`POST /api/…`: runs the job in the request body and responds with its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.closing_response import ClosingResponse
from ffmpeg_worker.api.disconnection import raise_when_disconnected
from ffmpeg_worker.api.file_answer import not_acceptable, respond_with_outputs, wants_files
from ffmpeg_worker.api.json_response import DEFAULT_HEADERS
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE, NdjsonProgressResponse
from ffmpeg_worker.api.queue_choice import asks_queue, may_need_queue
from ffmpeg_worker.api.receive_job import receive_job
from ffmpeg_worker.api.request_folder import RequestFolder
from ffmpeg_worker.api.request_log import RequestRecord, request_record_of
from ffmpeg_worker.api.respond_from_queue import respond_from_queue
from ffmpeg_worker.api.spooled_response import spool, spool_json
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.platform_job import PLATFORM_JOB_HEADER, is_platform_id
from ffmpeg_worker.job.result import FilesResult, JobResult
from ffmpeg_worker.pipeline.runtime import JobFiles
from ffmpeg_worker.services import Services
from ffmpeg_worker.tasks import finish_shielded, race

PNG_TYPE = "image/png"


def make_endpoint(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of an action; it raises WorkerError if there is no result."""

    async def endpoint(request: Request) -> Response:
        folder = RequestFolder(request)
        try:
            response = await _answer(request, action, folder)
        except BaseException:
            await finish_shielded(folder.close())
            raise
        return ClosingResponse(response, folder.close) if folder.is_used else response

    return endpoint


async def _answer(request: Request, action: Action, folder: RequestFolder) -> Response:
    """Receive a job and run or queue it.

    Raises:
        WorkerError: there is no result.
    """
    services, record = app_state_of(request).services, request_record_of(request.scope)
    body = await receive_job(request, folder)
    platform_id = _read_platform_job_id(request)
    job = JobBody(action.name, body, dict(request.query_params), platform_id, folder.names)
    accepted = request.headers.get("accept", "")
    accepts_png = action.returns_png and PNG_TYPE in accepted
    answers_files = wants_files(request) and not accepts_png
    if answers_files or may_need_queue(request, job):
        read = await services.read(job, owner=record.owner)
        if asks_queue(request, read):
            return await respond_from_queue(request, job, read, folder, answers_files=answers_files)
        if answers_files:
            _check_target(read.job)
    folders = JobFiles(folder.inputs, await folder.prepare_outputs() if answers_files else None)
    run = partial(_run, services, job, record, request.receive, folders)
    if NDJSON_TYPE in accepted:
        return NdjsonProgressResponse(partial(_run_and_respond, request, run))
    result = await run(ignore_event)
    if answers_files:
        own = services.resources.stores.roots_of(record.owner).data_root
        return await respond_with_outputs(result.as_json(), [folder.outputs, own])
    png = result.as_png() if accepts_png else None
    if png is not None:
        scratch = services.resources.scratch.root
        return await spool(Response(png, headers=DEFAULT_HEADERS, media_type=PNG_TYPE), scratch)
    return await spool_json(request, _link(request, result))


def _check_target(job: Job) -> None:
    """Refuse a job whose outputs go elsewhere than into the answer, before it runs.

    Raises:
        InvalidJob: it names a target.
    """
    if job.destination is not None:
        raise not_acceptable("The outputs of the job go to its upload, so they cannot be the answer.")


def _read_platform_job_id(request: Request) -> str | None:
    """Return the id that the platform of the caller has given the job.

    Raises:
        InvalidJob: the header has another form than an id.
    """
    value = request.headers.get(PLATFORM_JOB_HEADER)
    if value is not None and not is_platform_id(value):
        raise InvalidJob(
            f"The header {PLATFORM_JOB_HEADER} is no id.",
            code="invalid_header",
            hint="Send 1 to 256 letters, digits and the characters . _ : ~ -, or leave it out.",
        )
    return value


def _link(request: Request, result: JobResult) -> dict[str, Any]:
    """Return a result whose outputs in the data root have links; a platform hands results to other networks."""
    value = result.as_json()
    state, owner = app_state_of(request), request_record_of(request.scope).owner
    if PLATFORM_JOB_HEADER in request.headers and state.services.settings.public_url is None:
        return value
    root = state.services.resources.stores.roots_of(owner).data_root
    return state.file_links.link_outputs(value, base_url(request), owner, root)


async def _run_and_respond(
    request: Request, run: Callable[[Observer], Awaitable[JobResult]], observer: Observer
) -> Response:
    return await spool_json(request, _link(request, await run(observer)))


async def _run(
    services: Services, job: JobBody, record: RequestRecord, receive: Receive, files: JobFiles, observer: Observer
) -> JobResult:
    """Run a job as long as the caller stays connected.

    Raises:
        WorkerError: as `Services.run`; JobCancelled if the caller disconnects, after the job has been stopped.
    """
    running = services.run(job, job_id=record.job_id, observer=observer, owner=record.owner, files=files)
    result = await race(running, raise_when_disconnected(receive))
    if isinstance(result, FilesResult):
        record.stats = result.stats
    return result
