"""The location of an API: its URLs, the key it accepts, and whether it is healthy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol


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
    api_key: str | None

    def base_url(self) -> str:
        """The URL up to `/api`."""
        return self.url

    def failure(self) -> None:
        """None: an external API may always come back."""

    def close(self) -> None:
        """Do nothing: this process did not start the API."""


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
