"""Endpoints of the actions: parse a request as a job, run the job, and respond with its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Never

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.api.json_response import HEADERS, answer
from ffmpeg_worker.api.ndjson_progress import NdjsonProgressResponse, wants_progress
from ffmpeg_worker.api.problems import problem, unexpected
from ffmpeg_worker.api.request_log import RequestRecord, request_record_of
from ffmpeg_worker.api.unknown_route import refuse_async
from ffmpeg_worker.errors import JobCancelled, WorkerError
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.parse import parse_action
from ffmpeg_worker.job.result import FilesResult, JobResult
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.services import Services
from ffmpeg_worker.tasks import race

PNG_TYPE = "image/png"


def make_endpoint(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of an action; it raises WorkerError where there is no result."""

    async def endpoint(request: Request) -> Response:
        return await _serve(action, request)

    return endpoint


def wants_png(request: Request) -> bool:
    """Whether the caller accepts a PNG as response."""
    return PNG_TYPE in request.headers.get("accept", "")


async def _serve(action: Action, request: Request) -> Response:
    refuse_async(request)
    door = app_state_of(request)
    exchange = request_record_of(request.scope)
    body = await read_body(request, door.settings.max_body_bytes)
    job = parse_action(action.name, read_json(body), request.query_params)
    run = partial(_run, door.open_services(), job, exchange, request.receive)
    if wants_progress(request):
        return NdjsonProgressResponse(partial(_respond_to_stream, run, exchange))
    result = await run(ignore_event)
    png = result.as_png() if action.returns_png and wants_png(request) else None
    return answer(result.as_json()) if png is None else Response(png, headers=HEADERS, media_type=PNG_TYPE)


async def _respond_to_stream(
    run: Callable[[Observer], Awaitable[JobResult]], exchange: RequestRecord, observer: Observer
) -> Response:
    """Make the last line of a streamed response; once the stream has begun, errors must become problems here."""
    try:
        return answer((await run(observer)).as_json())
    except WorkerError as error:
        exchange.error = error
        return problem(error, exchange.job_id)
    except Exception:
        return unexpected(exchange.job_id)


async def _run(
    services: Services, job: Job, exchange: RequestRecord, receive: Receive, observer: Observer
) -> JobResult:
    """Run a job for as long as the caller waits for it.

    Raises:
        WorkerError: as for `Services.run`; JobCancelled when the caller has disconnected and the job is stopped.
    """
    running = services.run(job, job_id=exchange.job_id, observer=observer)
    result = await race(running, _raise_when_disconnected(receive))
    if isinstance(result, FilesResult):
        exchange.media_bytes_in = result.stats.input_bytes
        exchange.media_bytes_out = result.stats.output_bytes
    return result


async def _raise_when_disconnected(receive: Receive) -> Never:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise JobCancelled("The caller went away before the job ended.")
