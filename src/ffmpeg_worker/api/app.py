"""The HTTP application: its routes and middleware."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import request_response

from ffmpeg_worker.api.app_state import make_app_state
from ffmpeg_worker.api.auth import ApiKeyMiddleware
from ffmpeg_worker.api.cors import CorsMiddleware
from ffmpeg_worker.api.dashboard_files import DASHBOARD_PATHS
from ffmpeg_worker.api.file_links import FILES_PATH
from ffmpeg_worker.api.hosts import HostMiddleware, allowed_hosts
from ffmpeg_worker.api.link_access import LinkAccess
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.open_paths import DOCS_FILES, DOCS_PATH, DOCUMENT_PATH, PING_PATH, START_PATH
from ffmpeg_worker.api.openapi import TITLE, describe_route, describe_schema_route, make_document
from ffmpeg_worker.api.openapi_deliveries import describe_deliveries_route, describe_replay_route
from ffmpeg_worker.api.openapi_files import (
    describe_delete_file,
    describe_get_file,
    describe_list_files,
    describe_post_files,
    describe_put_file,
)
from ffmpeg_worker.api.openapi_jobs import (
    describe_cancel,
    describe_events,
    describe_list,
    describe_log,
    describe_retry,
    describe_send,
    describe_show,
)
from ffmpeg_worker.api.openapi_operation import (
    describe_health_route,
    describe_metrics_route,
    describe_ping_route,
)
from ffmpeg_worker.api.openapi_plan import (
    describe_example_route,
    describe_examples_route,
    describe_plan_route,
    describe_queued_plan_route,
)
from ffmpeg_worker.api.openapi_presets import describe_preset_route, describe_presets_route
from ffmpeg_worker.api.problems import (
    on_http_error,
    on_validation_error,
    on_worker_error,
    unexpected_error_response,
)
from ffmpeg_worker.api.request_log import RequestLog
from ffmpeg_worker.api.routes import deliveries, files, jobs
from ffmpeg_worker.api.routes.actions import make_endpoint
from ffmpeg_worker.api.routes.canvas_examples import EXAMPLES_PATH, serve_example, serve_examples
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_PATH, serve_composition_schema
from ffmpeg_worker.api.routes.dashboard import serve_dashboard_file
from ffmpeg_worker.api.routes.file_form import post_files
from ffmpeg_worker.api.routes.job_events import stream_events
from ffmpeg_worker.api.routes.job_log import show_log
from ffmpeg_worker.api.routes.job_outputs import add_output_routes
from ffmpeg_worker.api.routes.operation import health, metrics, ping
from ffmpeg_worker.api.routes.pages import docs_page, make_docs_file, start_page
from ffmpeg_worker.api.routes.plan import PLAN_PATH, plan_job, plan_queued_job
from ffmpeg_worker.api.routes.presets import PRESETS_PATH, serve_preset, serve_presets
from ffmpeg_worker.api.routes.runpod_endpoint import add_endpoint_routes
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job_queue.describe_job import JOBS_PATH
from ffmpeg_worker.services import Services


class _App(FastAPI):
    """FastAPI with the OpenAPI document that `make_document` makes."""

    def openapi(self) -> dict[str, Any]:
        """Return the document of `/openapi.json`, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = make_document(self.routes, self.version)
        return self.openapi_schema


def make_app(services: Services, monitor: LoopMonitor | None = None) -> FastAPI:
    """Make the HTTP API of an open worker as an ASGI application; the worker stays open when the app ends.

    `/metrics` shows what `monitor` measures.
    """
    settings = services.settings
    state = make_app_state(services, monitor or LoopMonitor())
    is_hidden = settings.env == "production"
    app = _App(
        title=TITLE,
        version=settings.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None if is_hidden else DOCUMENT_PATH,
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
    _serve_directly(app)
    app.add_route(START_PATH, start_page, methods=["GET"])
    for path in DASHBOARD_PATHS:
        app.add_route(path, serve_dashboard_file, methods=["GET"], include_in_schema=False)
    if not is_hidden:
        app.add_route(DOCS_PATH, docs_page, methods=["GET"])
        for name in DOCS_FILES:
            app.add_route(f"{DOCS_PATH}/{name}", make_docs_file(name), methods=["GET"], include_in_schema=False)
    links = LinkAccess(services.queue, state.file_links)
    app.add_middleware(ApiKeyMiddleware, keys=state.keys, links=links, open_requests=state.open_requests)
    if not settings.api_keys:
        app.add_middleware(HostMiddleware, allowed=allowed_hosts(settings))
    if settings.cors_origins:
        app.add_middleware(CorsMiddleware, origins=settings.cors_origins)
    app.add_middleware(RequestLog, on_failure=unexpected_error_response, on_end=state.metrics.count_request)
    return app


def _serve_directly(app: FastAPI) -> None:
    """Call the endpoints without FastAPI's injection, which they do not use: each takes a request."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.app = request_response(route.endpoint)


def _add_job_routes(app: FastAPI) -> None:
    one = f"{JOBS_PATH}/{{job_id}}"
    app.add_api_route(JOBS_PATH, jobs.send_job, methods=["POST"], **describe_send())
    app.add_api_route(JOBS_PATH, jobs.list_jobs, methods=["GET"], **describe_list())
    app.add_api_route(one, jobs.show_job, methods=["GET"], **describe_show())
    app.add_api_route(one, jobs.cancel_job, methods=["DELETE"], **describe_cancel())
    app.add_api_route(f"{one}/retry", jobs.retry_job, methods=["POST"], **describe_retry())
    app.add_api_route(f"{one}/events", stream_events, methods=["GET"], **describe_events())
    app.add_api_route(f"{one}/log", show_log, methods=["GET"], **describe_log())
    app.add_api_route(f"{one}/plan", plan_queued_job, methods=["GET"], **describe_queued_plan_route())
    add_output_routes(app, one)
    app.add_api_route(
        deliveries.DELIVERIES_PATH,
        deliveries.show_deliveries,
        methods=["GET"],
        **describe_deliveries_route(),
    )
    app.add_api_route(
        deliveries.REPLAY_PATH, deliveries.replay_delivery, methods=["POST"], **describe_replay_route()
    )


def _add_file_routes(app: FastAPI) -> None:
    one = f"{FILES_PATH}/{{name:path}}"
    app.add_api_route(FILES_PATH, files.list_files, methods=["GET"], **describe_list_files())
    app.add_api_route(FILES_PATH, post_files, methods=["POST"], **describe_post_files())
    app.add_api_route(one, files.serve_file, methods=["GET"], **describe_get_file())
    app.add_api_route(one, files.serve_file, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(one, files.put_file, methods=["PUT"], status_code=201, **describe_put_file())
    app.add_api_route(one, files.delete_file, methods=["DELETE"], status_code=204, **describe_delete_file())


def _add_routes(app: FastAPI) -> None:
    for action in ACTIONS.values():
        app.add_api_route(f"/api{action.path}", make_endpoint(action), methods=["POST"], **describe_route(action))
    _add_job_routes(app)
    _add_file_routes(app)
    add_endpoint_routes(app)
    app.add_api_route(SCHEMA_PATH, serve_composition_schema, methods=["GET"], **describe_schema_route())
    app.add_api_route(EXAMPLES_PATH, serve_examples, methods=["GET"], **describe_examples_route())
    app.add_api_route(f"{EXAMPLES_PATH}/{{name}}", serve_example, methods=["GET"], **describe_example_route())
    app.add_api_route(PLAN_PATH, plan_job, methods=["POST"], **describe_plan_route())
    app.add_api_route(PRESETS_PATH, serve_presets, methods=["GET"], **describe_presets_route())
    app.add_api_route(f"{PRESETS_PATH}/{{name}}", serve_preset, methods=["GET"], **describe_preset_route())
    app.add_api_route("/health", health, methods=["GET"], **describe_health_route())
    app.add_api_route("/health", health, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(PING_PATH, ping, methods=["GET"], **describe_ping_route())
    app.add_api_route(PING_PATH, ping, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(
        "/metrics", metrics, methods=["GET"], response_class=PlainTextResponse, **describe_metrics_route()
    )
