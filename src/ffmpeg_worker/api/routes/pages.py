"""`GET /` and `GET /docs`: where a person or a program finds what this worker serves.

The scripts of `/docs` come from an installed package, so that the page works without the internet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.open_paths import DOCS_FILES, DOCS_PATH, DOCUMENT_PATH
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_PATH
from ffmpeg_worker.api.routes.dashboard import dashboard_page

_NAME = "FFmpeg Worker"
_FILES_PACKAGE = "fastapi_offline"
_FILE_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
_LINKS = {"health": "/health", "metrics": "/metrics", "composition_schema": SCHEMA_PATH}
_DOCS_LINKS = {"docs": DOCS_PATH, "openapi": DOCUMENT_PATH}


async def start_page(request: Request) -> Response:
    """Respond with the dashboard for browsers, and with links as JSON for programs.

    The version needs a key where keys are configured, as in `/health`; production hides the documentation.
    """
    if "text/html" in request.headers.get("accept", ""):
        return dashboard_page(request)
    state = app_state_of(request)
    settings = state.services.settings
    links = _LINKS if settings.env == "production" else {**_DOCS_LINKS, **_LINKS}
    version = settings.version if state.keys.owner_of(request.scope) is not None else None
    about = {"name": _NAME, **({"version": version} if version else {})}
    return json_response({**about, "links": links}, headers={"Vary": "Accept, Authorization, X-API-Key"})


async def docs_page(_request: Request) -> Response:
    """Respond with the documentation; its addresses are relative, for proxies that add a path."""
    script, style, icon = (f"{DOCS_PATH.removeprefix('/')}/{name}" for name in DOCS_FILES)
    return get_swagger_ui_html(
        openapi_url=DOCUMENT_PATH.removeprefix("/"),
        title=_NAME,
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )


def make_docs_file(name: str) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of a file of the documentation page."""

    async def docs_file(_request: Request) -> Response:
        return FileResponse(_find_files() / name, headers=_FILE_HEADERS)

    return docs_file


@cache
def _find_files() -> Path:
    """Return the folder of the files, without importing the package, which needs nothing else of it."""
    found = find_spec(_FILES_PACKAGE)
    (folder,) = (found.submodule_search_locations if found else None) or [""]
    return Path(folder) / "static"
