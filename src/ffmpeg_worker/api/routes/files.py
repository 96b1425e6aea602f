"""`/api/files`: the files of a caller's data root, sent, fetched, listed and removed."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.conditions import Version
from ffmpeg_worker.api.content_range import SentRange, read_content_range
from ffmpeg_worker.api.file_headers import LINK_HEADERS, file_headers, wants_download
from ffmpeg_worker.api.file_links import FILES_PATH, find_file_link
from ffmpeg_worker.api.file_parameters import decode_name, make_cursor, read_list_query
from ffmpeg_worker.api.file_response import respond_with_file
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.link_access import is_linked
from ffmpeg_worker.api.receive_file import check_size, receive_body
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.spooled_response import spool_json
from ffmpeg_worker.api.stored_file import describe_file
from ffmpeg_worker.errors import FileError, InvalidJob
from ffmpeg_worker.file_space import freeing_later
from ffmpeg_worker.storage.local.draft import Draft, drop_resumable, find_resumable, open_draft, open_resumable
from ffmpeg_worker.storage.local.file_area import FileArea, file_exists, file_not_found


def area_of(request: Request, owner: str | None = None) -> FileArea:
    """Return the files of the caller, or of another owner."""
    owner = owner or request_record_of(request.scope).owner
    stores = app_state_of(request).services.resources.stores
    return FileArea(stores.roots_of(owner), stores.data_usage, owner)


def describe(request: Request, area: FileArea, name: str, status: Any) -> dict[str, Any]:
    """Return the JSON of a file, with a link."""
    url = app_state_of(request).file_links.make(base_url(request), area.owner, name)
    return describe_file(name, status, url)


async def list_files(request: Request) -> Response:
    """`GET /api/files`: a page of files."""
    query, area = read_list_query(request), area_of(request)
    found = await asyncio.to_thread(area.list, query.prefix, query.after, query.limit + 1)
    shown = found[: query.limit]
    files = [describe(request, area, file.name, file.status) for file in shown]
    more = {"next_cursor": make_cursor(shown[-1].name)} if len(found) > len(shown) else {}
    return await spool_json(request, {"files": files, **more})


async def serve_file(request: Request) -> Response:
    """`GET` and `HEAD /api/files/{name}`: a file, with the key of its owner or by its link."""
    link = find_file_link(request.scope["path"])
    if link is None:
        area, name = area_of(request), decode_name(request)
    else:
        area, name = area_of(request, link.owner), link.name
        if not is_linked(request.scope):
            app_state_of(request).file_links.check(link)  # a caller with a key learns too what is wrong with it
    file = await asyncio.to_thread(area.open, name)
    headers = file_headers(name, is_download=wants_download(request))
    more = {} if link is None else LINK_HEADERS
    return respond_with_file(request, file, {**headers, **more}, what="file")


async def put_file(request: Request) -> Response:
    """`PUT /api/files/{name}`: a whole file, or with `Content-Range` a part of one."""
    name, area = decode_name(request), area_of(request)
    check_plain_body(request)
    _check_conditions(request, area, name)
    max_bytes = app_state_of(request).services.settings.max_upload_bytes
    sent = read_content_range(request.headers)
    if sent is not None:
        check_size(sent.total, max_bytes)
        return await _put_part(request, area, name, sent)
    length = request.headers.get("content-length")
    with open_draft(area) as draft:
        expected = int(length) if length is not None else None
        await receive_body(request, draft, expected=expected, max_bytes=max_bytes)
        drop_resumable(area, name)
        return _respond_stored(request, area, name, draft)


async def delete_file(request: Request) -> Response:
    """`DELETE /api/files/{name}`: remove a file, or what was received of one that is sent in parts."""
    name, area = decode_name(request), area_of(request)
    _check_conditions(request, area, name)
    had_parts = drop_resumable(area, name)
    try:
        await asyncio.to_thread(area.remove, name)
    except FileError as error:
        if not had_parts or error.code != "file_not_found":
            raise
    return Response(None, 204)


def check_plain_body(request: Request) -> None:
    """Refuse a body that is not the file itself.

    Raises:
        InvalidJob: it is compressed, or a form.
    """
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
    if is_form or request.headers.get("content-encoding", "identity") != "identity":
        raise InvalidJob(
            "The body must be the file itself, neither a form nor compressed.",
            code="content_type_refused",
            hint=f"Send the bytes of the file (curl -T FILE), or the form to POST {FILES_PATH} (curl -F a=@FILE).",
        )


async def _put_part(request: Request, area: FileArea, name: str, sent: SentRange) -> Response:
    if sent.part is None:
        return _respond_progress(request, area, name, sent)
    starts = sent.part.start == 0
    with open_resumable(area, name, sent.total, starts=starts) as draft:
        if draft.length != sent.part.start:
            raise FileError(
                f"The part begins at byte {sent.part.start}, and {draft.length} bytes were received before.",
                code="upload_offset_wrong",
                hint=f"Go on with Content-Range: bytes {draft.length}-…/{sent.total}.",
            ).at(received=draft.length)
        await receive_body(request, draft, expected=len(sent.part), max_bytes=sent.total)
        if draft.length < sent.total:
            return _unfinished(name, draft.length, sent.total)
        return _respond_stored(request, area, name, draft)


def _respond_progress(request: Request, area: FileArea, name: str, sent: SentRange) -> Response:
    """Respond to a request that asks how far an upload is."""
    found = find_resumable(area, name)
    if found is None:
        path = area.locate(name)
        if path.is_file() and path.stat().st_size == sent.total:
            status = path.stat()
            return json_response(describe(request, area, name, status), headers=Version.of(status).headers())
        found = (0, sent.total)
    return _unfinished(name, *found)


def _unfinished(name: str, received: int, total: int) -> Response:
    headers = {"Range": f"bytes=0-{received - 1}"} if received else {}
    return json_response({"name": name, "received": received, "size": total}, 202, headers=headers)


def _respond_stored(request: Request, area: FileArea, name: str, draft: Draft) -> Response:
    """Put a received file in its place, and respond with it."""
    _check_conditions(request, area, name)
    path = area.locate(name)
    is_new = not path.exists()
    with freeing_later(path):
        status = draft.place(name, replaces=request.headers.get("if-none-match", "").strip() != "*")
    headers = {**Version.of(status).headers(), "Location": f"{FILES_PATH}/{quote(name)}"}
    return json_response(describe(request, area, name, status), 201 if is_new else 200, headers=headers)


def _check_conditions(request: Request, area: FileArea, name: str) -> None:
    """Refuse to change a file that is another one than the caller expects (RFC 9110, section 13).

    Raises:
        InvalidJob, FileError: the name, see `FileArea.locate`; the condition does not hold.
    """
    path = area.locate(name)
    if request.headers.get("if-none-match", "").strip() == "*" and path.exists():
        raise file_exists(name)
    wanted = request.headers.get("if-match")
    if wanted is None:
        return
    if not path.exists():
        raise file_not_found(name) if request.method == "DELETE" else _changed()
    tags = [tag.strip() for tag in wanted.split(",")]
    if Version.of(path.stat()).tag not in tags and tags != ["*"]:
        raise _changed()


def _changed() -> FileError:
    return FileError(
        "The file is another one than the request expects.",
        code="file_changed",
        hint="Get it again, and send the new ETag in If-Match, or leave the header out.",
    )
