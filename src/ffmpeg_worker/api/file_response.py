"""Responses with a file, or a part of it, read block by block as fast as the client takes it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import IO, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api.byte_ranges import RangeNotSatisfiable, select_bytes
from ffmpeg_worker.api.conditions import Condition, Version
from ffmpeg_worker.api.direct_transfer import MIN_DIRECT_BYTES, find_direct_transfer
from ffmpeg_worker.api.problems import problem_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import JobOutputError
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait, finish_then_cancel

MIN_BYTES_PER_S = 4_000
"""Rate at which a client must read on average, after `READ_GRACE_S`: less than sound for speech has."""
READ_GRACE_S = 60.0
_BLOCK_BYTES = 128 << 10
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


class FileResponse(Response):
    """A response whose body is a part of an open file, which is closed when it has been sent."""

    def __init__(self, file: IO[bytes], part: range, status: int, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.background = None
        self.init_headers({**headers, "Content-Length": str(len(part))})
        self._file = file
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; that to HEAD has no body."""
        with self._file:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            # Sending to a client that has gone does nothing: without this, the rest of the file would be read.
            gone = asyncio.ensure_future(wait_until_gone(receive))
            try:
                async with asyncio.timeout(READ_GRACE_S + len(self._part) / MIN_BYTES_PER_S):
                    if await send_file(scope, send, self._file, self._part, gone):
                        await send({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                log(logging.INFO, "response not read", bytes=len(self._part))
            finally:
                await cancel_and_wait(gone)


def _read_cached(descriptor: int, count: int, at: int) -> bytes | bytearray:
    """Return bytes of a file that the disk need not be asked for, without a switch to a thread; maybe none."""
    block = bytearray(count)
    try:
        found = os.preadv(descriptor, [block], at, _NOWAIT) if _NOWAIT else 0
    except OSError:  # not in memory, or a file system that cannot tell
        return b""
    del block[found:]
    return block


async def send_file(scope: Scope, send: Send, file: IO[bytes], part: range, gone: asyncio.Future[None]) -> bool:
    """Send a part of a file; returns false if the client has gone, or the file became shorter meanwhile."""
    at = part.start
    transfer = find_direct_transfer(scope)
    if transfer is not None and len(part) >= MIN_DIRECT_BYTES:
        at += await transfer.send(file.fileno(), part, request_record_of(scope).count_sent)
    while at < part.stop and not gone.done():
        count = min(_BLOCK_BYTES, part.stop - at)
        block = _read_cached(file.fileno(), count, at) or await finish_then_cancel(
            asyncio.to_thread(os.pread, file.fileno(), count, at)
        )
        if not block:
            log(logging.ERROR, "a file became shorter while it was sent", bytes=len(part), sent=at)
            return False  # an incomplete response: the server closes the connection
        at += len(block)
        await send({"type": "http.response.body", "body": block, "more_body": True})
    return not gone.done()


def respond_with_file(
    request: Request, file: IO[bytes], headers: Mapping[str, str], *, what: Literal["output", "file"] = "output"
) -> Response:
    """Respond to GET or HEAD with an open file: all of it, the range that is asked for, or that it is unchanged.

    The response closes the file. `headers` are those of the file, such as its media type. Errors call it `what`.
    """
    try:
        status = os.fstat(file.fileno())
        version = Version.of(status)
        known = {**headers, **version.headers(), "Accept-Ranges": "bytes"}
        match version.check(request.headers):
            case Condition.NOT_MODIFIED:
                file.close()
                known.pop("Content-Type", None)
                return Response(None, 304, known)
            case Condition.FAILED:
                raise JobOutputError(
                    f"The {what} is not the one that the request expects.",
                    code="output_changed" if what == "output" else "file_changed",
                    hint=f"It was replaced: fetch the {what} from its beginning.",
                )
        is_whole = request.method == "HEAD" or not version.allows_range(request.headers.get("if-range"))
        part = None if is_whole else select_bytes(request.headers.get("range"), status.st_size)
    except RangeNotSatisfiable:
        file.close()
        return _refuse_range(request, status.st_size, what)
    except BaseException:
        file.close()
        raise
    if part is None:
        return FileResponse(file, range(status.st_size), 200, known)
    known["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{status.st_size}"
    return FileResponse(file, part, 206, known)


def _refuse_range(request: Request, size: int, what: str) -> Response:
    record = request_record_of(request.scope)
    record.error = JobOutputError(
        f"The {what} has {size} bytes; the range begins behind them.",
        code="range_not_satisfiable",
        hint="Ask for bytes that exist, or leave out the header Range.",
    )
    return problem_response(record.error, record.job_id, headers={"Content-Range": f"bytes */{size}"})


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
