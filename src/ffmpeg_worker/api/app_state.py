"""State that all endpoints of an app share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from ffmpeg_worker.api.auth import ApiKeys, OpenRequests
from ffmpeg_worker.api.body_memory import BodyMemory
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.api.queue_report import QueueReport
from ffmpeg_worker.services import Services


@dataclass(frozen=True, slots=True)
class AppState:
    """State of one app, and the worker behind it; `held` counts requests that wait for queued jobs."""

    services: Services
    keys: ApiKeys
    metrics: Metrics
    bodies: BodyMemory
    held: OpenRequests
    queue_report: QueueReport
    started_at: float = field(default_factory=time.monotonic)


def app_state_of(request: Request) -> AppState:
    """Return the state of the app that serves a request."""
    return cast(AppState, request.app.state.shared)
