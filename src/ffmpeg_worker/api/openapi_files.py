"""The OpenAPI descriptions of the routes with files."""

from __future__ import annotations

from functools import partial
from typing import Any

from ffmpeg_worker.api.openapi_parts import (
    DOWNLOAD_PARAMETER,
    FILE_CONTENT,
    FILE_RESPONSES,
    RANGE_PARAMETER,
    content,
    describe_operation,
    parameter,
    problems,
)
from ffmpeg_worker.api.openapi_schemas import REF
from ffmpeg_worker.api.stored_file import FILE_EXAMPLE

_TAG = "files"
_describe = partial(describe_operation, _TAG)
_TEXT = {"type": "string"}
_JSON = "application/json"
_NAME = parameter("name", "path", "Name of the file, which may have folders.", "clips/intro.mp4", _TEXT)
_CONTENT_RANGE = parameter(
    "Content-Range",
    "header",
    "For an upload in parts: the bytes of the body, or `bytes */SIZE` to ask what was received.",
    "bytes 0-65535/183422",
    _TEXT,
)
_IF_NONE_MATCH = parameter("If-None-Match", "header", "`*`: do not replace a file.", "*", _TEXT)
_IF_MATCH = parameter("If-Match", "header", "The `ETag` of the file that is changed.", '"1f3a2-2cc7e-18b3"', _TEXT)
_SENT = [400, 401, 403, 408, 409, 412, 413, 415, 421, 422, 429, 499, 503, 507]


def describe_list_files() -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document the list of files."""
    limits = {"type": "integer", "minimum": 1, "maximum": 1000}
    return _describe(
        "list_files",
        "The files of the caller",
        "Files of the data root in the order of their names, page by page.",
        {200: content("The files.", _JSON, "FilePage", {"files": [FILE_EXAMPLE]}), **problems([401, 422])},
        [
            parameter("prefix", "query", "What names begin with.", "clips/", _TEXT),
            parameter("limit", "query", "Number of files; default 100.", 100, limits),
            parameter("cursor", "query", "`next_cursor` of the page before.", "Y2xpcHMvaW50cm8ubXA0", _TEXT),
        ],
    )


def describe_get_file() -> dict[str, Any]:
    """Return the same for a file."""
    return _describe(
        "get_file",
        "A file",
        "It needs the key of its owner, or its signed link. Ranges and conditional requests are served.",
        {**FILE_RESPONSES, **problems([401, 403, 404, 409, 412, 416, 422])},
        [_NAME, RANGE_PARAMETER, DOWNLOAD_PARAMETER],
    )


def describe_put_file() -> dict[str, Any]:
    """Return the same for sending a file."""
    return _describe(
        "put_file",
        "Send a file",
        "The file is there when all of it has arrived; until then an earlier one of the name stays. With "
        "`Content-Range` it is sent in parts, each beginning where those before end.",
        {
            200: content("The file has replaced one.", _JSON, "StoredFile", FILE_EXAMPLE),
            201: content("The file is new.", _JSON, "StoredFile", FILE_EXAMPLE),
            202: content("Parts are missing.", _JSON, "UnfinishedFile"),
            **problems(_SENT),
        },
        [_NAME, _CONTENT_RANGE, _IF_NONE_MATCH, _IF_MATCH],
        requestBody={"required": True, "content": FILE_CONTENT},
    )


def describe_delete_file() -> dict[str, Any]:
    """Return the same for removing a file."""
    return _describe(
        "delete_file",
        "Remove a file",
        "Also what was received of a file that is sent in parts. Downloads that run go on.",
        {204: {"description": "It is removed."}, **problems([401, 403, 404, 409, 412, 422])},
        [_NAME, _IF_MATCH],
    )


def describe_post_files() -> dict[str, Any]:
    """Return the same for a form with files."""
    schema = {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}
    return _describe(
        "post_files",
        "Send the files of a form",
        "Each file gets its file name. None is there unless all have arrived.",
        {201: content("The files.", _JSON, "StoredFiles", {"files": [FILE_EXAMPLE]}), **problems(_SENT)},
        [_IF_NONE_MATCH],
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": schema}}},
    )


def form_content(request: str) -> dict[str, Any]:
    """Return the content of a form with a job of the schema `request`, and its files."""
    schema = {
        "type": "object",
        "required": ["job"],
        "properties": {"job": {"$ref": REF + request}},
        "additionalProperties": {"type": "string", "format": "binary"},
    }
    return {"schema": schema, "encoding": {"job": {"contentType": "application/json"}}}
