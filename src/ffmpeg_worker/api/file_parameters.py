"""Parameters of requests about files: names, and what a list shows."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from ffmpeg_worker.api.query_parameters import read_limit, refuse_parameter
from ffmpeg_worker.errors import InvalidJob

MAX_PAGE = 1000
DEFAULT_PAGE = 100
_MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Query of a list of files: prefix of the names, name to start after, and maximum number of files."""

    prefix: str
    after: str
    limit: int


def decode_name(request: Request) -> str:
    """Return the name of the file in the path of a request.

    Raises:
        InvalidJob: it is not UTF-8.
    """
    name = str(request.path_params["name"])
    raw = request.scope.get("raw_path") or b""
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise InvalidJob(
            "The file name is not valid UTF-8.",
            code="invalid_name",
            hint="Encode the name as UTF-8, then with percent signs.",
        ) from None
    return name


def read_list_query(request: Request) -> ListQuery:
    """Read the query string of a list.

    Raises:
        InvalidJob: a parameter is not known, is given twice, or has no such value.
    """
    given: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key not in {"prefix", "limit", "cursor"}:
            raise refuse_parameter(key, "is not a parameter of this list", "Known are prefix, limit and cursor.")
        if key in given or len(value) > _MAX_TEXT or "\0" in value:
            raise refuse_parameter(key, "is given twice, too long, or has a NUL character", "Give it once.")
        given[key] = value
    limit = read_limit(given.get("limit") or str(DEFAULT_PAGE), MAX_PAGE, "files")
    return ListQuery(given.get("prefix", ""), _open_cursor(given.get("cursor", "")), limit)


def make_cursor(name: str) -> str:
    """Return the cursor of the page after a file."""
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogateescape")).decode().rstrip("=")


def _open_cursor(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, UnicodeError):
        raise refuse_parameter(
            "cursor", "is not one of this list", "Take next_cursor of the page before."
        ) from None
