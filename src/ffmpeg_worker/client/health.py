"""The API's health endpoint: its URL, and what counts as healthy."""

from __future__ import annotations

import json
from typing import Any


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
