"""`POST /api/…`: runs the job in the request body and responds with its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.api.disconnection import raise_when_disconnected
from ffmpeg_worker.api.json_response import DEFAULT_HEADERS, json_response
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE, NdjsonProgressResponse
from ffmpeg_worker.api.problems import problem_response, unexpected_error_response
from ffmpeg_worker.api.queued_jobs import asks_queue, may_need_queue, respond_from_queue
from ffmpeg_worker.api.request_log import RequestRecord, request_record_of
from ffmpeg_worker.api.spooled_response import spool
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.platform_job import PLATFORM_JOB_HEADER, is_platform_id
from ffmpeg_worker.job.result import FilesResult, JobResult
from ffmpeg_worker.services import Services
from ffmpeg_worker.tasks import race

PNG_TYPE = "image/png"


def make_endpoint(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of an action; it raises WorkerError if there is no result."""

    async def endpoint(request: Request) -> Response:
        state = app_state_of(request)
        services = state.services
        record = request_record_of(request.scope)
        with state.bodies.receiving(record.owner) as count:
            body = await read_body(request, services.settings.max_body_bytes, count=count)
        job = JobBody(action.name, body, dict(request.query_params), _read_platform_job_id(request))
        if may_need_queue(request, job):
            read = await services.read(job, owner=record.owner)
            if asks_queue(request, read):
                return await respond_from_queue(request, job, read)
        run = partial(_run, services, job, record, request.receive)
        accepted = request.headers.get("accept", "")
        accepts_png = action.returns_png and PNG_TYPE in accepted
        folder = services.resources.scratch.root
        if NDJSON_TYPE in accepted:
            return NdjsonProgressResponse(partial(_run_to_response, run, record, folder))
        return await spool(_respond(await run(ignore_event), accepts_png=accepts_png), folder)

    return endpoint


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


def _respond(result: JobResult, *, accepts_png: bool) -> Response:
    png = result.as_png() if accepts_png else None
    if png is not None:
        return Response(png, headers=DEFAULT_HEADERS, media_type=PNG_TYPE)
    return json_response(result.as_json())


async def _run_to_response(
    run: Callable[[Observer], Awaitable[JobResult]], record: RequestRecord, folder: Path, observer: Observer
) -> Response:
    """Run a job; return its result or its problem as response.

    Exception handlers run too late here: the response with progress may have begun.
    """
    try:
        return await spool(json_response((await run(observer)).as_json()), folder)
    except WorkerError as error:
        record.error = error
        return problem_response(error, record.job_id)
    except Exception:
        return unexpected_error_response(record.job_id)


async def _run(
    services: Services, job: JobBody, record: RequestRecord, receive: Receive, observer: Observer
) -> JobResult:
    """Run a job as long as the caller stays connected.

    Raises:
        WorkerError: as `Services.run`; JobCancelled if the caller disconnects, after the job has been stopped.
    """
    running = services.run(job, job_id=record.job_id, observer=observer, owner=record.owner)
    result = await race(running, raise_when_disconnected(receive))
    if isinstance(result, FilesResult):
        record.stats = result.stats
    return result
