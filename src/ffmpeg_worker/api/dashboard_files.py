"""The files of the dashboard: read once, compressed once, and named by the path that serves them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_PREFIX = "/dashboard"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PAGE_NAME = "index.html"
"""The page itself, which `/` serves to browsers."""


@dataclass(frozen=True)
class DashboardFile:
    """A file with its media type and its entity tag."""

    content: bytes
    media_type: str

    @cached_property
    def tag(self) -> str:
        """The strong entity tag of the uncompressed file."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:24]}"'

    @cached_property
    def compressed(self) -> bytes:
        """The file in gzip's format, always the same for the same content."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def compressed_tag(self) -> str:
        """The strong entity tag of the compressed file: its bytes are others."""
        return f'{self.tag[:-1]}-gzip"'


@cache
def dashboard_files() -> Mapping[str, DashboardFile]:
    """Return the files by their name below the folder, such as `app.js` or `vendor/codemirror.js`."""
    return {
        path.relative_to(_FOLDER).as_posix(): DashboardFile(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_FOLDER.rglob("*"))
        if path.suffix in _TYPES
    }


def _list_paths() -> Mapping[str, str]:
    names = (path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
    return {f"{_PREFIX}/{name}": name for name in names if name != PAGE_NAME}


DASHBOARD_PATHS: Mapping[str, str] = _list_paths()
"""The names of the files by their path on the server."""
