"""The location of an API: its URLs, the key it accepts, and whether it is healthy."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ffmpeg_worker.errors import Misconfigured

DEFAULT_BASE_URL = "http://localhost:3000/api"
"""The default of the setting `FFMPEG_API_BASE_URL`."""


class ApiLocation(Protocol):
    """An API that may be starting, running or gone."""

    @property
    def api_key(self) -> str | None:
        """The key to send as bearer token."""

    def base_url(self) -> str | None:
        """The URL up to `/api`; None while the API is not running."""

    def failure(self) -> str | None:
        """A sentence that says why the API will never run; None while it still may."""

    def close(self) -> None:
        """Stop the API if this process started it."""


@dataclass(frozen=True, slots=True)
class ExternalApi:
    """An API that another process runs, at a known URL."""

    url: str
    api_key: str | None = field(repr=False)

    def base_url(self) -> str:
        """The URL up to `/api`."""
        return self.url

    def failure(self) -> None:
        """None: an external API may always come back."""

    def close(self) -> None:
        """Do nothing: this process did not start the API."""


def read_base_url(url: str) -> str:
    """Return the base URL of an API; a URL without a path is that of a server, whose API is at `/api`.

    Raises:
        Misconfigured: it is not one of HTTP.
    """
    base_url = url.rstrip("/")
    try:
        parts = urlsplit(base_url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_usable = is_usable and not ({*base_url} & {*"?#@"})
    except ValueError:
        is_usable = False
    if not is_usable:
        raise Misconfigured(
            "The URL of the API is not one of HTTP.",
            hint="Give the base URL, such as http://localhost:3000, or set FFMPEG_API_BASE_URL. "
            "It has no user and no query; the API key is given by itself.",
        )
    return base_url if parts.path else f"{base_url}/api"


def check_key(key: str | None) -> str | None:
    """Return a key that can stand in a header.

    Raises:
        Misconfigured: it has other characters than printable ASCII.
    """
    if key and not (key.isascii() and key.isprintable()):
        raise Misconfigured(
            "The API key has characters that no HTTP header can have.",
            hint="Give it without line breaks and blanks around it.",
        )
    return key or None


def health_url(base_url: str) -> str:
    """Return the URL of `/health` for an API with this base URL."""
    return base_url.rstrip("/").removesuffix("/api") + "/health"


def read_health(status: int, body: bytes) -> dict[str, Any] | None:
    """Return the health report of an API that takes jobs; None for any other response or server."""
    try:
        health = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return health if status == 200 and isinstance(health, dict) and health.get("status") == "ok" else None
