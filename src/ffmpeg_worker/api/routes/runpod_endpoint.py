"""`/v2/{endpoint_id}/…`: RunPod's endpoint protocol over the queue, for RunPod's own clients.

Every endpoint id means this server: which jobs a client sees depends on its API key.
"""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.body import is_json, read_body
from ffmpeg_worker.api.disconnection import raise_when_disconnected
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.problems import problem_response, status_of
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.runpod_protocol import describe_health, describe_stream
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import InvalidJob, JobNotFound, WorkerError
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.runpod_request import read_endpoint_request
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.runpod_status import describe_sent, describe_status
from ffmpeg_worker.tasks import race

if TYPE_CHECKING:
    from ffmpeg_worker.job_queue.job_queue import JobQueue
    from ffmpeg_worker.job_queue.webhooks.callback import Shape

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

_PREFIX = "/v2/{endpoint_id}"
_DEFAULT_WAIT_MS, _MIN_WAIT_MS, _MAX_WAIT_MS = 90_000, 1_000, 300_000
_STREAM_WAIT_S = 2.0
"""RunPod's JavaScript client asks for the stream again without a pause."""
_CANCEL_WAIT_S = 2.0
"""Both clients give up after 3 seconds."""
_JOB_ID = re.compile(r"[0-9a-f-]{36}")


def add_endpoint_routes(app: Starlette) -> None:
    """Add the routes, with the methods that RunPod accepts."""
    one = "/{job_id}"
    read = ["GET", "POST"]
    for path, endpoint, methods in (
        ("/run", run, ["POST"]),
        ("/runsync", run_sync, ["POST"]),
        (f"/status{one}", show_status, read),
        (f"/status-sync{one}", wait_for_status, read),
        (f"/stream{one}", stream, read),
        (f"/cancel{one}", cancel, ["POST"]),
        (f"/retry{one}", retry, ["POST"]),
        ("/purge-queue", purge_queue, ["POST"]),
        ("/health", show_health, ["GET"]),
    ):
        app.add_route(_PREFIX + path, _with_runpods_statuses(endpoint), methods=methods, include_in_schema=False)


async def run(request: Request) -> Response:
    """Queue a job; the answer has its id, and for a job that cannot be read its error already."""
    job = await _submit(request)
    return json_response(describe_status(job) if job.is_final else describe_sent(job))


async def run_sync(request: Request) -> Response:
    """Queue a job, and wait for its end for `?wait=` milliseconds; after that it goes on."""
    wait_s = _read_wait(request)
    job = await _submit(request)
    return json_response(describe_status(await _wait(request, job.job_id, wait_s)))


async def show_status(request: Request) -> Response:
    """Describe a job."""
    queue, owner = await _open(request)
    return json_response(describe_status(await queue.get(_read_id(request), owner)))


async def wait_for_status(request: Request) -> Response:
    """Describe a job when it has ended, or after `?wait=` milliseconds; RunPod's JavaScript client asks so."""
    wait_s = _read_wait(request)
    return json_response(describe_status(await _wait(request, _read_id(request), wait_s)))


async def stream(request: Request) -> Response:
    """Describe the progress of a job after its next change, or after 2 seconds without any."""
    queue, owner = await _open(request)
    job = await queue.get(_read_id(request), owner)
    if not job.is_final:
        job = await _while_connected(request, _wait_for_change(queue, job, owner))
    return json_response(describe_stream(job))


async def cancel(request: Request) -> Response:
    """Cancel a job, and wait a moment until its programs are gone."""
    _refuse_forms(request)
    queue, owner = await _open(request)
    job = await queue.cancel(_read_id(request), owner)
    return json_response(describe_sent(await queue.wait(job.job_id, owner, _CANCEL_WAIT_S)))


async def retry(request: Request) -> Response:
    """Run an ended job again, under the same id."""
    _refuse_forms(request)
    queue, owner = await _open(request)
    return json_response(describe_sent(await queue.retry(_read_id(request), owner)))


async def purge_queue(request: Request) -> Response:
    """Cancel all waiting jobs of the API key."""
    _refuse_forms(request)
    queue, owner = await _open(request)
    return json_response({"removed": await queue.purge(owner), "status": "completed"})


async def show_health(request: Request) -> Response:
    """Count the jobs of the API key, and the workers."""
    queue, owner = await _open(request)
    health = await queue.health(owner)
    return json_response(describe_health(health.jobs, health.retries, health.workers, health.busy_workers))


def _with_runpods_statuses(endpoint: Endpoint) -> Endpoint:
    """Answer a request that is wrong with 400 as RunPod does, where our own routes answer 422."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except WorkerError as error:
            if status_of(error) != 422:
                raise
            record = request_record_of(request.scope)
            record.error = error
            return problem_response(error, record.job_id, status=400)

    return answer


async def _open(request: Request) -> tuple[JobQueue, str]:
    return await app_state_of(request).services.queue.get(), request_record_of(request.scope).owner


async def _submit(request: Request) -> JobRecord:
    """Queue the job of a request.

    Clients show the error of a job, but nothing of the body of a refusal. So only a request that is not RunPod's
    is refused; a job that cannot be read is stored as one that has failed.

    Raises:
        WorkerError: the request is refused, or the queue takes no job.
    """
    state, record = app_state_of(request), request_record_of(request.scope)
    services = state.services
    with state.bodies.receiving(record.owner) as count:
        content = await read_body(request, services.settings.max_body_bytes, count=count)
    deadline = time.monotonic() + services.settings.max_timeout_s
    asked = await services.resources.compute.call(
        len(content), read_endpoint_request, content, deadline=deadline, owner=record.owner
    )
    queue = await services.queue.get()
    from ffmpeg_worker.job_queue.sent_job import RefusedJob, SentJob  # noqa: PLC0415 - loads the engine
    from ffmpeg_worker.job_queue.webhooks.callback import callback_of  # noqa: PLC0415 - likewise

    body, base = JobBody(None, asked.content), base_url(request)
    shape: Shape = "standard" if asked.webhook is None else "runpod"
    try:
        read = await services.read(body, owner=record.owner)
    except WorkerError as error:
        if error.fault is not Fault.CALLER or error.retryable:
            raise
        record.error = error
        action = asked.action or "unknown"
        callback = callback_of(asked.callback, base, shape)
        refused = RefusedJob(body, record.owner, record.job_id, action, error, callback)
        return await queue.store_refused(refused)
    expires_at = None if asked.ttl_s is None else time.time() + asked.ttl_s
    callback = callback_of(read.job, base, shape)
    sent = SentJob(body, read.job, record.owner, record.job_id, expires_at=expires_at, callback=callback)
    job, _ = await queue.submit(sent)
    return job


async def _wait(request: Request, job_id: str, wait_s: float) -> JobRecord:
    queue, owner = await _open(request)
    return await _while_connected(request, queue.wait(job_id, owner, wait_s))


async def _wait_for_change(queue: JobQueue, job: JobRecord, owner: str) -> JobRecord:
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(_STREAM_WAIT_S),
            aclosing(queue.watch(job.job_id, owner, job.revision)) as changes,
        ):
            return await anext(changes)
    return job


async def _while_connected(request: Request, waiting: Awaitable[T]) -> T:
    """Wait as long as the caller does.

    Raises:
        JobCancelled: it went away; its job goes on.
    """
    return await race(waiting, raise_when_disconnected(request.receive))


def _read_id(request: Request) -> str:
    job_id: str = request.path_params["job_id"]
    if _JOB_ID.fullmatch(job_id) is None:
        raise JobNotFound("There is no such job.", hint="Ids of jobs are those that /run and /runsync return.")
    return job_id


def _read_wait(request: Request) -> float:
    """Return the seconds to wait, within RunPod's limits."""
    text = request.query_params.get("wait", "")
    if not text:
        return _DEFAULT_WAIT_MS / 1000
    if not (text.isascii() and text.isdecimal()):
        raise InvalidJob(
            '"wait" in the query string is not a number of milliseconds.',
            code="invalid_value",
            hint=f"Give {_MIN_WAIT_MS} to {_MAX_WAIT_MS}.",
            where={"field": "wait"},
        )
    wait_ms = int(text) if len(text) < 10 else _MAX_WAIT_MS
    return min(max(wait_ms, _MIN_WAIT_MS), _MAX_WAIT_MS) / 1000


def _refuse_forms(request: Request) -> None:
    """Refuse what a page in a browser can send to any server without being asked for permission."""
    if "origin" in request.headers and not is_json(request.headers):
        raise InvalidJob(
            "A request from a web page must declare JSON.",
            code="content_type_refused",
            hint="Send Content-Type: application/json.",
        )
