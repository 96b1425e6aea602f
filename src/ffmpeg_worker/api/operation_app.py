"""The HTTP application of a worker without the API: its health and its metrics."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from ffmpeg_worker.api.app_state import make_app_state
from ffmpeg_worker.api.auth import ApiKeyMiddleware
from ffmpeg_worker.api.hosts import HostMiddleware, allowed_hosts
from ffmpeg_worker.api.link_access import LinkAccess
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.problems import on_http_error, unexpected_error_response
from ffmpeg_worker.api.request_log import RequestLog
from ffmpeg_worker.api.routes.operation import health, metrics
from ffmpeg_worker.services import Services


def make_operation_app(services: Services, monitor: LoopMonitor) -> Starlette:
    """Make an ASGI application with `/health` and `/metrics` of an open worker; keys and hosts as for the API."""
    settings = services.settings
    state = make_app_state(services, monitor)
    app = Starlette(
        routes=[Route("/health", health, methods=["GET"]), Route("/metrics", metrics, methods=["GET"])],
    )
    app.add_exception_handler(HTTPException, on_http_error)  # type: ignore[arg-type] # of every handler of one class
    app.router.redirect_slashes = False
    app.state.shared = state
    links = LinkAccess(services.queue, state.file_links)
    app.add_middleware(ApiKeyMiddleware, keys=state.keys, links=links, open_requests=state.open_requests)
    if not settings.api_keys:
        app.add_middleware(HostMiddleware, allowed=allowed_hosts(settings))
    app.add_middleware(RequestLog, on_failure=unexpected_error_response, on_end=state.metrics.count_request)
    return app
