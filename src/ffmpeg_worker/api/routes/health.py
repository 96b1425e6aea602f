"""`GET /health`: whether the worker takes jobs, and what it can do."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.health_report import describe_worker
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.problems import unavailable_response


async def health(request: Request) -> Response:
    """Respond with a `Health` report: status 200 as soon as jobs are taken, else 503."""
    state = app_state_of(request)
    services = state.services
    status = "starting" if services is None else "closing" if services.admission.is_closing else "ok"
    report: dict[str, Any] = {"status": status}
    if services is not None and state.keys.accept(request.scope):
        report |= describe_worker(services, uptime_s=state.uptime_s())
    return json_response(report) if status == "ok" else unavailable_response(report)
