"""`POST /api/files`: the files of a form, all or none."""

from __future__ import annotations

import os
from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.form import Form, FormPart
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.receive_file import receive_file
from ffmpeg_worker.api.routes.files import area_of, describe
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.storage.local.draft import Draft, open_draft
from ffmpeg_worker.storage.local.file_area import FileArea, file_exists


async def post_files(request: Request) -> Response:
    """Receive a form, and put its files in their places when all have arrived."""
    area = area_of(request)
    max_bytes = app_state_of(request).services.settings.max_upload_bytes
    replaces = request.headers.get("if-none-match", "").strip() != "*"
    drafts: dict[str, Draft] = {}
    with ExitStack() as stack:
        async for part in Form(request).parts():
            name = _name_of(part)
            _check(area, name, drafts, replaces=replaces)
            drafts[name] = stack.enter_context(open_draft(area))
            await receive_file(part.blocks(), drafts[name], expected=None, max_bytes=max_bytes)
        if not drafts:
            raise InvalidJob(
                "The form has no file.", code="missing_field", hint="Give at least one: curl -F a=@FILE."
            )
        placed: dict[str, os.stat_result] = {}
        for name, draft in drafts.items():
            placed[name] = draft.place(name, replaces=replaces)
    files = [describe(request, area, name, status) for name, status in placed.items()]
    return json_response({"files": files}, 201)


def _name_of(part: FormPart) -> str:
    if not part.filename:
        raise InvalidJob(
            f'The part "{part.name[:64]}" has no file name.',
            code="invalid_multipart",
            hint="Send files: curl -F a=@FILE, or -F 'a=@FILE;filename=clips/a.mp4'. "
            "A form of a page must not leave its file fields empty.",
        )
    return part.filename


def _check(area: FileArea, name: str, drafts: dict[str, Draft], *, replaces: bool) -> None:
    """Refuse a name before its content is received.

    Raises:
        InvalidJob, FileError: see `FileArea.locate`; another file of the form has the name, or one that stays.
    """
    path = area.locate(name)
    if name in drafts:
        raise InvalidJob(
            f'Two files of the form have the name "{name[:64]}".',
            code="invalid_multipart",
            hint="Give each a name of its own.",
        )
    if not replaces and path.exists():
        raise file_exists(name)
