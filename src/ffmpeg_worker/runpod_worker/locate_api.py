"""Where the HTTP door is: at the address the operator gave, where one already answers, or of our own."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.runpod_worker.own_api import OwnApi

if TYPE_CHECKING:
    from ffmpeg_worker.settings import Settings

DEFAULT_BASE_URL = "http://localhost:3000/api"
"""As in the settings."""
_CONNECT_S = 0.25
_HEALTH_S = 2.0
_MAX_HEALTH_BYTES = 65536


class ApiLocation(Protocol):
    """An HTTP door and how to talk to it."""

    @property
    def api_key(self) -> str | None:
        """What to send as bearer token."""

    def base_url(self) -> str | None:
        """Its address, up to `/api`; None while it is not running."""

    def gave_up(self) -> str | None:
        """A sentence why it will never run; None while there is hope."""

    def close(self) -> None:
        """Stop it, where it is our own."""


@dataclass(frozen=True, slots=True)
class ExternalApi:
    """An HTTP door that somebody else runs."""

    url: str
    api_key: str | None

    def base_url(self) -> str:
        """Its address."""
        return self.url

    def gave_up(self) -> None:
        """It may always come back."""

    def close(self) -> None:
        """It is not ours to stop."""


def locate_api(settings: Settings) -> ApiLocation:
    """Find the HTTP door; one of our own is started where nobody named one and none answers. Blocks up to 2 s.

    Raises:
        Misconfigured: FFMPEG_API_BASE_URL is no http address.
    """
    url = settings.api_base_url.rstrip("/")
    _check_url(url)
    if settings.api_base_url_is_set or _answers(url):
        return ExternalApi(url, settings.api_keys[0].get_secret_value() if settings.api_keys else None)
    return _start_own()


def start_unless_running() -> ApiLocation | None:
    """Start an HTTP door of our own, unless one answers at the default address: `locate_api` without settings."""
    return None if _answers(DEFAULT_BASE_URL) else _start_own()


def _start_own() -> OwnApi:
    own = OwnApi()
    own.start()
    return own


def health_url(base_url: str) -> str:
    """Where the HTTP door with this base URL tells its health."""
    return base_url.rstrip("/").removesuffix("/api") + "/health"


def read_health(status: int, body: bytes) -> dict[str, Any] | None:
    """What a healthy HTTP door tells; None for one that is not, and for other servers on the same port."""
    try:
        health = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return health if status == 200 and isinstance(health, dict) and health.get("status") == "ok" else None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            "FFMPEG_API_BASE_URL is not an http address.", hint="For example http://localhost:3000/api."
        )


def _answers(base_url: str) -> bool:
    """Whether an HTTP door runs at the default address, without an HTTP client that takes long to import."""
    parts = urlsplit(health_url(base_url))
    host, port = parts.hostname or "localhost", parts.port or 80
    try:
        socket.create_connection((host, port), _CONNECT_S).close()
        with closing(http.client.HTTPConnection(host, port, timeout=_HEALTH_S)) as connection:
            connection.request("GET", parts.path)
            with connection.getresponse() as response:
                return read_health(response.status, response.read(_MAX_HEALTH_BYTES)) is not None
    except (OSError, http.client.HTTPException):
        return False
