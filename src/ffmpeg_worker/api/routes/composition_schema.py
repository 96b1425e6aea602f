"""`GET /api/canvas/schema`: the JSON Schema of compositions, for editors."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.composition.schema import composition_schema

SCHEMA_PATH = "/api/canvas/schema"
SCHEMA_TYPE = "application/schema+json"
_HEADERS = {"Cache-Control": "public, max-age=3600"}
_schema = cache(composition_schema)


async def serve_composition_schema(_request: Request) -> Response:
    """Respond with the JSON Schema of compositions. It needs no key, since editors send none."""
    return json_response(_schema(), media_type=SCHEMA_TYPE, headers=_HEADERS)
