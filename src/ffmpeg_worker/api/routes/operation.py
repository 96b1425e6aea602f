"""`GET /health`, `GET /ping` and `GET /metrics`: for the operator of the worker."""

from __future__ import annotations

import time
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.health_report import describe_worker
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.problems import unavailable_response


async def health(request: Request) -> Response:
    """Respond with a `Health` report: status 200 as long as jobs are taken, else 503."""
    state = app_state_of(request)
    is_closing = state.services.admission.is_closing
    report: dict[str, Any] = {"status": "closing" if is_closing else "ok"}
    if state.keys.owner_of(request.scope) is not None:
        await state.queue_report.refresh()
        uptime_s = time.monotonic() - state.started_at
        report |= describe_worker(state.services, state.queue_report, uptime_s=uptime_s)
    return unavailable_response(report) if is_closing else json_response(report)


async def ping(request: Request) -> Response:
    """Respond for load balancers: 200 as long as jobs are taken, else 503; 204 while the worker starts."""
    is_closing = app_state_of(request).services.admission.is_closing
    return unavailable_response({"status": "closing"}) if is_closing else json_response({"status": "ok"})


async def metrics(request: Request) -> Response:
    """Respond with all metrics in Prometheus' text format."""
    state = app_state_of(request)
    await state.queue_report.refresh()
    return Response(state.metrics.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
