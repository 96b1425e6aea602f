"""Receives a job: as JSON, or as a form with files."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.api.form import Form, FormPart, is_form
from ffmpeg_worker.api.request_folder import RequestFolder, may_be_queued
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob

_JOB = "job"


async def receive_job(request: Request, folder: RequestFolder, *, is_queue_route: bool = False) -> bytes:
    """Receive the JSON of a job; the files of a form go to the folder.

    Raises:
        InvalidJob: the body is neither, or larger than it may be.
        QueueFull, KeyLimitReached, DiskFull, FileError: there is no room for it.
        JobCancelled: the caller disconnected meanwhile.
    """
    state, record = app_state_of(request), request_record_of(request.scope)
    max_bytes = state.services.settings.max_body_bytes
    with state.bodies.receiving(record.owner) as count:
        if not is_form(request.headers):
            return await read_body(request, max_bytes, count=count)
        files = await folder.open_files(may_be_queued=may_be_queued(request, is_queue_route=is_queue_route))
        fields: dict[str, bytes] = {}
        left = max_bytes
        async for part in Form(request).parts():
            if part.filename is not None and part.name != _JOB:
                await files.receive(part)
                continue
            if part.name in fields:
                raise _twice(part)
            fields[part.name] = await part.text(left)
            count(len(fields[part.name]))
            left -= len(fields[part.name])
        return _join(fields)


def _join(fields: dict[str, bytes]) -> bytes:
    """Return the JSON of the part `job`, or that of a job made of the other parts."""
    if _JOB in fields:
        if len(fields) > 1:
            other = next(name for name in fields if name != _JOB)
            raise InvalidJob(
                f'The part "{other[:64]}" stands beside the part "{_JOB}".',
                code="invalid_multipart",
                hint=f'Put it into the JSON of "{_JOB}". Files need a file name: -F in_1=@FILE.',
            )
        return fields[_JOB]
    if not fields:
        raise InvalidJob(
            f'The form has no part "{_JOB}".',
            code="missing_field",
            hint=f"Give the JSON of the job: -F {_JOB}='{{…}}', before the files.",
            where={"field": _JOB},
        )
    return json.dumps({name: _read_value(name, text) for name, text in fields.items()}).encode()


def _read_value(name: str, content: bytes) -> Any:
    """Return the value of a field: JSON where it looks like an object or a list, text otherwise."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidJob(
            f'The part "{name[:64]}" is not UTF-8.',
            code="invalid_multipart",
            hint="Send media as files: -F in_1=@FILE.",
        ) from None
    if text.lstrip().startswith("[") or (text.lstrip().startswith("{") and not text.lstrip().startswith("{{")):
        try:
            return json.loads(text)
        except ValueError:
            raise InvalidJob(
                f'The part "{name[:64]}" is not valid JSON.',
                code="invalid_json",
                hint="Correct it, or send the whole job as one part named job.",
                where={"field": name[:64]},
            ) from None
    return text


def _twice(part: FormPart) -> InvalidJob:
    return InvalidJob(
        f'The form has two parts "{part.name[:64]}".',
        code="invalid_multipart",
        hint="Give each a name of its own.",
    )
