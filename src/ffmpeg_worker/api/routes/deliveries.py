"""`/api/jobs/{id}/deliveries`: what became of the webhooks of a job."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.request_log import request_record_of

DELIVERIES_PATH = "/api/jobs/{job_id}/deliveries"
REPLAY_PATH = f"{DELIVERIES_PATH}/{{delivery_id}}/replay"


async def show_deliveries(request: Request) -> Response:
    """`GET /api/jobs/{id}/deliveries`."""
    queue = await app_state_of(request).services.queue.get()
    owner = request_record_of(request.scope).owner
    found = await queue.webhooks.list_deliveries(request.path_params["job_id"], owner)
    return json_response({"deliveries": found})


async def replay_delivery(request: Request) -> Response:
    """`POST /api/jobs/{id}/deliveries/{delivery_id}/replay`: send a webhook again."""
    queue = await app_state_of(request).services.queue.get()
    owner = request_record_of(request.scope).owner
    job_id, delivery_id = request.path_params["job_id"], request.path_params["delivery_id"]
    return json_response(await queue.webhooks.replay(job_id, delivery_id, owner), 202)
