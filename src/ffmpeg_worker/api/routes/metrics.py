"""`GET /metrics`: counters for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.metrics import CONTENT_TYPE


async def metrics(request: Request) -> Response:
    """Respond with all metrics in Prometheus' text format."""
    return Response(app_state_of(request).metrics.render(), media_type=CONTENT_TYPE)
