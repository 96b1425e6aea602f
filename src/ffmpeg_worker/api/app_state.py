"""State that all endpoints of an app share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from ffmpeg_worker.api.auth import ApiKeys, OpenRequests
from ffmpeg_worker.api.body_memory import BodyMemory
from ffmpeg_worker.api.bounded_connection import MAX_CONNECTIONS
from ffmpeg_worker.api.file_links import FileLinks
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.api.queue_report import QueueReport
from ffmpeg_worker.services import Services

MAX_HELD_REQUESTS = 500
"""Requests that may wait for jobs or follow them at once: half of all connections, so that others find one."""


@dataclass(frozen=True, slots=True)
class AppState:
    """State of one app, and the worker behind it; `held` counts requests that wait for queued jobs."""

    services: Services
    keys: ApiKeys
    open_requests: OpenRequests
    metrics: Metrics
    bodies: BodyMemory
    held: OpenRequests
    queue_report: QueueReport
    file_links: FileLinks
    started_at: float = field(default_factory=time.monotonic)


def make_app_state(services: Services, monitor: LoopMonitor) -> AppState:
    """Make the state of an app that serves an open worker."""
    settings = services.settings
    several = settings.has_several_keys
    requests = OpenRequests(MAX_CONNECTIONS, max_per_key=settings.max_requests_per_key, has_several_keys=several)
    report = QueueReport(services.queue)
    return AppState(
        services,
        ApiKeys(settings.api_keys),
        requests,
        Metrics(services, requests, monitor, report),
        BodyMemory(settings.max_body_bytes, has_several_keys=several),
        OpenRequests(MAX_HELD_REQUESTS, max_per_key=MAX_HELD_REQUESTS, has_several_keys=several),
        report,
        FileLinks(settings),
    )


def app_state_of(request: Request) -> AppState:
    """Return the state of the app that serves a request."""
    return cast(AppState, request.app.state.shared)
