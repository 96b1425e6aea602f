"""`/api/jobs/{id}/outputs`: lists the outputs of a queued job, and serves those that wait to be fetched."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.file_headers import LINK_HEADERS, file_headers, wants_download
from ffmpeg_worker.api.file_response import respond_with_file
from ffmpeg_worker.api.job_responses import link_outputs
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.link_access import is_linked
from ffmpeg_worker.api.openapi_outputs import describe_output_list_route, describe_output_route
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import JobNotFinal
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.output_links import find_link


def add_output_routes(app: FastAPI, job_path: str) -> None:
    """Add the routes below the path of a job."""
    listed, one = f"{job_path}/outputs", f"{job_path}/outputs/{{name:path}}"
    app.add_api_route(listed, list_outputs, methods=["GET"], **describe_output_list_route())
    app.add_api_route(one, serve_output, methods=["GET"], **describe_output_route())
    app.add_api_route(one, serve_output, methods=["HEAD"], include_in_schema=False)


async def list_outputs(request: Request) -> Response:
    """`GET /api/jobs/{id}/outputs`: the outputs of a job that has ended, as in its result."""
    queue = await app_state_of(request).services.queue.get()
    job = await queue.get(request.path_params["job_id"], request_record_of(request.scope).owner)
    if not job.is_final:
        raise JobNotFinal(
            f"The job is {job.status.value}; its outputs are not complete.", hint="Wait for its end."
        )
    return json_response({"outputs": _outputs_of(link_outputs(request, job)), "removed": job.outputs_removed})


async def serve_output(request: Request) -> Response:
    """`GET` and `HEAD /api/jobs/{id}/outputs/{name}`: an output, with the key of its owner or by its link."""
    queue = await app_state_of(request).services.queue.get()
    job_id, name = request.path_params["job_id"], request.path_params["name"]
    owner: str | None = request_record_of(request.scope).owner
    link = find_link(request.scope["path"])
    if link is not None:
        job_id, _, name = link
        owner = None
        if not is_linked(request.scope):
            queue.links.check(*link)  # a caller with a key learns too what is wrong with the link
    file = await queue.open_output(job_id, owner, name)
    more = LINK_HEADERS if link is not None else {}
    headers = file_headers(name, is_download=wants_download(request))
    return respond_with_file(request, file, {**headers, **more})


def _outputs_of(job: JobRecord) -> list[Any]:
    found = (job.result or {}).get("outputs")
    return found if isinstance(found, list) else []
