"""`/api/jobs`: sends jobs to the queue, and shows, lists, cancels and repeats them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.job_parameters import read_filter, read_job_id
from ffmpeg_worker.api.job_responses import describe_job, respond_with_job, wait_as_preferred
from ffmpeg_worker.api.preferences import read_preferences
from ffmpeg_worker.api.receive_job import receive_job
from ffmpeg_worker.api.request_folder import RequestFolder
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.respond_from_queue import respond_from_queue
from ffmpeg_worker.api.spooled_response import spool_json
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.tasks import finish_shielded


async def send_job(request: Request) -> Response:
    """`POST /api/jobs`: queue a whole job."""
    state, record = app_state_of(request), request_record_of(request.scope)
    folder = RequestFolder(request)
    try:
        content = await receive_job(request, folder, is_queue_route=True)
        body = JobBody(None, content, files=folder.names)
        read = await state.services.read(body, owner=record.owner)
        return await respond_from_queue(request, body, read, folder, shows_record=True)
    finally:
        await finish_shielded(folder.close())


async def show_job(request: Request) -> Response:
    """`GET /api/jobs/{id}`: the record of a job, at its end if the caller prefers to wait."""
    job_id, preferred = read_job_id(request), read_preferences(request)
    queue = await app_state_of(request).services.queue.get()
    job = await queue.get(job_id, request_record_of(request.scope).owner)
    job = await wait_as_preferred(request, job, preferred)
    return await spool_json(request, describe_job(request, job), headers=preferred.as_headers())


async def list_jobs(request: Request) -> Response:
    """`GET /api/jobs`: a page of jobs, newest first."""
    wanted, cursor, limit = read_filter(request, request_record_of(request.scope).owner)
    queue = await app_state_of(request).services.queue.get()
    page = await queue.list(wanted, cursor=cursor, limit=limit)
    jobs = [describe_job(request, job) for job in page.jobs]
    more = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return await spool_json(request, {"jobs": jobs, **more})


async def cancel_job(request: Request) -> Response:
    """`DELETE /api/jobs/{id}`: 202 while its programs are being stopped; an ended job stays as it is."""
    job_id = read_job_id(request)
    queue = await app_state_of(request).services.queue.get()
    job = await queue.cancel(job_id, request_record_of(request.scope).owner)
    return await respond_with_job(request, job)


async def retry_job(request: Request) -> Response:
    """`POST /api/jobs/{id}/retry`: run an ended job again."""
    job_id = read_job_id(request)
    queue = await app_state_of(request).services.queue.get()
    job = await queue.retry(job_id, request_record_of(request.scope).owner)
    return await respond_with_job(request, job)
