"""The HTTP application: its routes and middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from ffmpeg_worker.api.app_state import AppState
from ffmpeg_worker.api.auth import ApiKeyMiddleware, ApiKeys
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.api.openapi import (
    describe_health_route,
    describe_metrics_route,
    describe_route,
    describe_schema_route,
    make_document,
)
from ffmpeg_worker.api.problems import (
    on_http_error,
    on_validation_error,
    on_worker_error,
    unexpected_error_response,
)
from ffmpeg_worker.api.request_log import RequestLog
from ffmpeg_worker.api.routes.actions import make_endpoint
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_PATH, serve_composition_schema
from ffmpeg_worker.api.routes.health import health
from ffmpeg_worker.api.routes.metrics import metrics
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.services import Services, open_services
from ffmpeg_worker.settings import Settings


class _App(FastAPI):
    """FastAPI with the OpenAPI document that `make_document` makes."""

    def openapi(self) -> dict[str, Any]:
        """Return the document of `/openapi.json`, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = make_document(self.routes, self.version)
        return self.openapi_schema


def make_app(source: Services | Settings) -> FastAPI:
    """Make the HTTP API as an ASGI application.

    Args:
        source: an open worker, which stays open when the app ends; or settings, with which the app opens a worker
            when it starts and closes it when it ends.
    """
    settings = source if isinstance(source, Settings) else source.settings
    state = _make_state(settings)
    if not isinstance(source, Settings):
        state.services = source
    is_hidden = settings.env == "production"
    app = _App(
        title="FFmpeg Worker",
        version=settings.version,
        lifespan=_make_lifespan(state, source),
        docs_url=None if is_hidden else "/docs",
        redoc_url=None,
        openapi_url=None if is_hidden else "/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        exception_handlers={
            WorkerError: on_worker_error,
            HTTPException: on_http_error,
            RequestValidationError: on_validation_error,
        },
    )
    app.state.shared = state
    _add_routes(app)
    app.add_middleware(ApiKeyMiddleware, keys=state.keys)
    app.add_middleware(RequestLog, on_failure=unexpected_error_response, on_end=state.metrics.count_request)
    return app


def _make_state(settings: Settings) -> AppState:
    state: AppState = AppState(settings, ApiKeys(settings.api_keys), Metrics(lambda: state.services))
    return state


def _add_routes(app: FastAPI) -> None:
    for action in ACTIONS.values():
        app.add_api_route(f"/api{action.path}", make_endpoint(action), methods=["POST"], **describe_route(action))
    app.add_api_route(SCHEMA_PATH, serve_composition_schema, methods=["GET"], **describe_schema_route())
    app.add_api_route("/health", health, methods=["GET"], **describe_health_route())
    app.add_api_route("/health", health, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        response_class=PlainTextResponse,
        **describe_metrics_route(),
    )


def _make_lifespan(
    state: AppState, source: Services | Settings
) -> Callable[[FastAPI], AbstractAsyncContextManager[None, bool | None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        opened = open_services(source) if isinstance(source, Settings) else nullcontext(source)
        async with opened as services:
            state.services = services
            try:
                yield
            finally:
                state.services = None

    return lifespan
