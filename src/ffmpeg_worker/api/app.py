"""The HTTP application: which routes there are and what stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from ffmpeg_worker.api import health
from ffmpeg_worker.api.actions import make_endpoint
from ffmpeg_worker.api.app_state import AppState
from ffmpeg_worker.api.auth import ApiKeyMiddleware, ApiKeys
from ffmpeg_worker.api.composition_schema import SCHEMA_PATH, serve_composition_schema
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.api.openapi import (
    describe_health_route,
    describe_metrics_route,
    describe_route,
    describe_schema_route,
    make_document,
)
from ffmpeg_worker.api.problems import on_http_error, on_validation_error, on_worker_error, unexpected
from ffmpeg_worker.api.request_log import RequestLog
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.services import Services, open_services
from ffmpeg_worker.settings import Settings


class _App(FastAPI):
    """FastAPI with our own OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """The document behind `/openapi.json`, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = make_document(self.routes, self.version)
        return self.openapi_schema


def make_app(source: Services | Settings) -> FastAPI:
    """The HTTP door as an ASGI application.

    Args:
        source: an open worker, which stays open when the app ends; or settings, from which the app's lifespan
            opens and closes a worker.
    """
    settings = source if isinstance(source, Settings) else source.settings
    door = _make_door(settings)
    if not isinstance(source, Settings):
        door.services = source
    is_hidden = settings.env == "production"
    app = _App(
        title="FFmpeg Worker",
        version=settings.version,
        lifespan=_lifespan(door, source),
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
    app.state.door = door
    _add_routes(app)
    app.add_middleware(ApiKeyMiddleware, keys=door.keys)
    app.add_middleware(RequestLog, on_failure=unexpected, on_end=door.metrics.note)
    return app


def _make_door(settings: Settings) -> AppState:
    door: AppState = AppState(settings, ApiKeys(settings.api_keys), Metrics(lambda: door.services))
    return door


def _add_routes(app: FastAPI) -> None:
    for action in ACTIONS.values():
        app.add_api_route(f"/api{action.path}", make_endpoint(action), methods=["POST"], **describe_route(action))
    app.add_api_route(SCHEMA_PATH, serve_composition_schema, methods=["GET"], **describe_schema_route())
    app.add_api_route("/health", health.health, methods=["GET"], **describe_health_route())
    app.add_api_route("/health", health.health, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(
        "/metrics",
        health.metrics,
        methods=["GET"],
        response_class=PlainTextResponse,
        **describe_metrics_route(),
    )


def _lifespan(
    door: AppState, source: Services | Settings
) -> Callable[[FastAPI], AbstractAsyncContextManager[None, bool | None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        opened = open_services(source) if isinstance(source, Settings) else nullcontext(source)
        async with opened as services:
            door.services = services
            try:
                yield
            finally:
                await door.encoders.close()
                door.services = None

    return lifespan
