"""Answers to jobs that are the outputs themselves instead of a description of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.file_headers import file_headers, wants_download
from ffmpeg_worker.api.file_response import FileResponse
from ffmpeg_worker.api.zip_response import ZIP_TYPE, ZipResponse, describe_files
from ffmpeg_worker.errors import InvalidJob

_FILES = ("audio/", "image/", "video/", "application/octet-stream", ZIP_TYPE)
_PAGES = ("text/html", "application/x-ndjson")


def wants_files(request: Request) -> bool:
    """Whether a request asks for the outputs of its job as the answer.

    `Accept` does with a type of media; that of a browser which opens a page, or of progress, does not.
    """
    if wants_download(request):
        return True
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").lower().split(",")]
    return any(kind.startswith(_FILES) for kind in accepted) and not any(kind in _PAGES for kind in accepted)


async def respond_with_outputs(result: Mapping[str, Any], folders: Sequence[Path]) -> Response:
    """Respond with the outputs of a result that are in the folders: one as it is, several as a ZIP archive.

    Raises:
        InvalidJob: there is none.
    """
    files = _name_files(_find_outputs(result), [folder.resolve() for folder in folders])
    if not files:
        raise not_acceptable("The job has made no file here that could be the answer.")
    if len(files) > 1:
        headers = {**file_headers("outputs.zip", is_download=True), "Content-Type": ZIP_TYPE}
        return ZipResponse(await describe_files(files), headers)
    ((name, path),) = files.items()
    file = await asyncio.to_thread(path.open, "rb", buffering=0)
    return FileResponse(file, range(path.stat().st_size), 200, file_headers(name, is_download=True))


def not_acceptable(message: str) -> InvalidJob:
    """Return the error of a job whose answer cannot be a file."""
    return InvalidJob(
        message,
        code="not_acceptable",
        hint="Ask for the result: Accept: application/json, without ?download=1. A job whose outputs go to a "
        "bucket or that makes none has no file to answer with.",
    )


def _find_outputs(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the outputs of a result, and those of the processes of `multi_process`."""
    for report in (result, *(result.get("results") or ())):
        if isinstance(report, Mapping):
            yield from report.get("outputs") or ()


def _name_files(outputs: Iterator[Mapping[str, Any]], folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files by the names that they have in an archive; each name once."""
    files: dict[str, Path] = {}
    for output in outputs:
        path = Path(str(output.get("path")))
        above = next((folder for folder in folders if path.is_relative_to(folder)), None)
        if above is None or path in files.values():
            continue
        name = str(path.relative_to(above))
        number = 2
        while name in files:
            name = f"{number}/{path.relative_to(above)}"
            number += 1
        files[name] = path
    return files
