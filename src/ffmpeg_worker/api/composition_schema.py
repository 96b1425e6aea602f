"""Endpoint `GET /api/canvas/schema`: the JSON Schema of compositions, for editors."""

from __future__ import annotations

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.json_response import answer
from ffmpeg_worker.composition.schema import composition_schema

SCHEMA_PATH = "/api/canvas/schema"
MEDIA_TYPE = "application/schema+json"
_HEADERS = {"Cache-Control": "public, max-age=3600"}


async def serve_composition_schema(_request: Request) -> Response:
    """Return the JSON Schema of compositions, without an API key: it is the same on every worker."""
    return answer(_schema(), media_type=MEDIA_TYPE, headers=_HEADERS)


@cache
def _schema() -> dict[str, Any]:
    return composition_schema()
