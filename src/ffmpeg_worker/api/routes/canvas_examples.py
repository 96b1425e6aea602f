"""`GET /api/canvas/examples` and `/api/canvas/examples/{name}`: compositions to start from."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.canvas_examples import find_example, list_examples
from ffmpeg_worker.api.json_response import DEFAULT_HEADERS, json_response

EXAMPLES_PATH = "/api/canvas/examples"


async def serve_examples(_request: Request) -> Response:
    """Respond with the names of the examples and the files that they use."""
    return json_response(list_examples().as_json())


async def serve_example(request: Request) -> Response:
    """Respond with one example, as its author wrote it."""
    text = find_example(request.path_params["name"])
    return Response(text.encode(), headers=DEFAULT_HEADERS, media_type="application/json")
