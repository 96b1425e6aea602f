"""What all routes of one app share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from ffmpeg_worker.api.auth import ApiKeys
from ffmpeg_worker.api.encoders import MainEncoders
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.errors import JobInterrupted
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings


@dataclass(slots=True)
class AppState:
    """One HTTP door; `services` is there between the start and the end of the app's lifespan."""

    settings: Settings
    keys: ApiKeys
    metrics: Metrics
    services: Services | None = None
    began: float = field(default_factory=time.monotonic)
    encoders: MainEncoders = field(default_factory=MainEncoders)

    def open_services(self) -> Services:
        """The worker behind the door.

        Raises:
            JobInterrupted: it is not open yet, or no longer.
        """
        if self.services is None:
            raise JobInterrupted("The worker is starting.", hint="Send the job again.")
        return self.services


def app_state_of(request: Request) -> AppState:
    """The door that a request came to."""
    return cast(AppState, request.app.state.door)
