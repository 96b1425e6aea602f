"""Paths that need no API key."""

from __future__ import annotations

from ffmpeg_worker.api.dashboard_files import DASHBOARD_PATHS
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_PATH

START_PATH = "/"
PING_PATH = "/ping"
DOCS_PATH = "/docs"
DOCUMENT_PATH = "/openapi.json"
DOCS_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
"""Files of the documentation page, below its path."""

OPEN_PATHS = frozenset(
    {
        START_PATH,
        "/health",
        PING_PATH,
        DOCUMENT_PATH,
        SCHEMA_PATH,
        DOCS_PATH,
        *(f"{DOCS_PATH}/{name}" for name in DOCS_FILES),
        *DASHBOARD_PATHS,
    }
)
"""`/` and `/health` then say less, production hides `/docs` and `/openapi.json`; the schema of compositions and
the files of the dashboard are the same on every worker."""
