"""`POST /api/plan` and `GET /api/jobs/{id}/plan`: what a job would do, without doing it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.api.job_parameters import read_job_id
from ffmpeg_worker.api.plan_report import describe_plan
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.spooled_response import spool_json
from ffmpeg_worker.job.job_body import JobBody

PLAN_PATH = "/api/plan"


async def plan_job(request: Request) -> Response:
    """Respond with the `PlanReport` of a whole job."""
    state, record = app_state_of(request), request_record_of(request.scope)
    with state.bodies.receiving(record.owner) as count:
        content = await read_body(request, state.services.settings.max_body_bytes, count=count)
    return await _respond(request, JobBody(None, content))


async def plan_queued_job(request: Request) -> Response:
    """Respond with the `PlanReport` of a queued job, also after its end."""
    job_id = read_job_id(request)
    queue = await app_state_of(request).services.queue.get()
    return await _respond(request, await queue.read_body(job_id, request_record_of(request.scope).owner))


async def _respond(request: Request, body: JobBody) -> Response:
    services = app_state_of(request).services
    report = await describe_plan(services, body, request_record_of(request.scope).owner)
    return await spool_json(request, report.as_json())
