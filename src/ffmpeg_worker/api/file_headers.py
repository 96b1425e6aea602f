"""Headers of responses with a file that a caller has made or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request

from ffmpeg_worker.storage.content_types import content_type

LINK_HEADERS: Mapping[str, str] = {
    # The link is the permission, and no cookie or key goes with it: players on any page may use it.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_YES = frozenset({"", "1", "true", "yes"})
_NOT_PLAIN = re.compile(r"[^ !#-$&-\[\]-~]")
# Callers make and send these files: a page or an SVG image among them must not act as a page of this server.
_POLICY = "default-src 'none'; img-src 'self' data:; media-src 'self' data:; style-src 'unsafe-inline'"
_INERT = ("audio/", "video/", "image/")


def wants_download(request: Request) -> bool:
    """Whether the query string asks for the file itself, to be saved."""
    return request.query_params.get("download", "no").lower() in _YES


def file_headers(name: str, *, is_download: bool) -> Mapping[str, str]:
    """Return the headers that depend on the name of a file."""
    kind = content_type(name)
    is_inert = kind.startswith(_INERT) and kind != "image/svg+xml"
    return {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Content-Disposition": content_disposition(name, is_download=is_download),
        "Content-Security-Policy": _POLICY if is_inert else f"{_POLICY}; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
    }


def content_disposition(name: str, *, is_download: bool) -> str:
    """Return the header that tells a browser what to call a file, and whether to save it (RFC 6266)."""
    base = name.rpartition("/")[2]
    plain = _NOT_PLAIN.sub("_", base)
    kind = "attachment" if is_download else "inline"
    header = f'{kind}; filename="{plain}"'
    return header if plain == base else f"{header}; filename*=UTF-8''{quote(base, safe='')}"
