"""`GET /api/canvas/schema`: what a composition may hold, for editors."""

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
    """The JSON Schema of compositions. It says nothing about this worker, and editors send no keys."""
    return answer(_schema(), media_type=MEDIA_TYPE, headers=_HEADERS)


@cache
def _schema() -> dict[str, Any]:
    return composition_schema()
