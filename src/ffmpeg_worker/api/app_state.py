"""State that all endpoints of an app share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from ffmpeg_worker.api.auth import ApiKeys
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.errors import JobInterrupted
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings


@dataclass(slots=True)
class AppState:
    """State of one app; `services` is None before the start and after the end of the app's lifespan."""

    settings: Settings
    keys: ApiKeys
    metrics: Metrics
    services: Services | None = None
    _started_at: float = field(default_factory=time.monotonic)

    def require_services(self) -> Services:
        """Return the worker behind the app.

        Raises:
            JobInterrupted: the worker is not open yet, or no longer.
        """
        if self.services is None:
            raise JobInterrupted("The worker is starting.", hint="Send the job again.")
        return self.services

    def uptime_s(self) -> float:
        """Return the seconds since the app was made."""
        return time.monotonic() - self._started_at


def app_state_of(request: Request) -> AppState:
    """Return the state of the app that serves a request."""
    return cast(AppState, request.app.state.shared)
