"""The base of links in answers."""

from __future__ import annotations

from starlette.requests import Request

from ffmpeg_worker.api.app_state import app_state_of


def base_url(request: Request) -> str:
    """Return the base of links in answers, without a slash at its end."""
    settings = app_state_of(request).services.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")
