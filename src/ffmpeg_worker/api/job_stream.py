"""Responses that follow a queued job to its end: server-sent events, or lines of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api.disconnection import raise_when_disconnected
from ffmpeg_worker.api.json_response import encode_json
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.tasks import cancel_and_wait

EVENTS_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0
RETRY_MS = 3000
MAX_RESULT_BYTES = 128 << 10
"""Larger results are left out of events: slow readers would keep one each in memory. `status_url` has them."""
_LINE_BREAKS = {number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029)}
"""Characters that JSON may contain as they are, and that readers of lines in several languages break at."""
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}

Describe = Callable[[JobRecord], dict[str, Any]]


class StreamFormat(Protocol):
    """How a stream is written."""

    media_type: str
    opening: bytes

    def write(self, event: str, revision: int | None, value: Mapping[str, Any]) -> bytes:
        """Return an event with a JSON value."""
        ...

    def heartbeat(self) -> bytes:
        """Return what shows that the connection lives."""
        ...


class EventFormat:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

    media_type = EVENTS_TYPE
    opening = f"retry: {RETRY_MS}\n\n".encode()

    def write(self, event: str, revision: int | None, value: Mapping[str, Any]) -> bytes:
        """Return an event; JSON has no line breaks outside of texts, and escapes those."""
        number = b"" if revision is None else f"id: {revision}\n".encode()
        return number + f"event: {event}\ndata: ".encode() + _encode_line(value) + b"\n\n"

    def heartbeat(self) -> bytes:
        """Return a comment."""
        return b": still here\n\n"


class LineFormat:
    """Lines of JSON; the last one is repeated as heartbeat, since readers expect JSON in every line."""

    media_type = NDJSON_TYPE
    opening = b""

    def __init__(self) -> None:
        self._last = b"\n"

    def write(self, event: str, revision: int | None, value: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """Return a line."""
        self._last = _encode_line(value) + b"\n"
        return self._last

    def heartbeat(self) -> bytes:
        """Return the last line."""
        return self._last


class JobStream(Response):
    """Sends every record of `jobs`, the newest only where the reader is slow, until the job ends.

    It also ends when the caller goes away, and when the worker closes. `place` is freed at the end.
    """

    def __init__(
        self,
        jobs: AsyncGenerator[JobRecord],
        describe: Describe,
        written: StreamFormat,
        *,
        closing: asyncio.Event,
        place: ExitStack,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        super().__init__(media_type=written.media_type, headers=_HEADERS)
        del self.headers["content-length"]
        self._jobs = jobs
        self._describe = describe
        self._written = written
        self._closing = closing
        self._place = place
        self._heartbeat_s = heartbeat_s
        self._status: JobStatus | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        gone = asyncio.ensure_future(raise_when_disconnected(receive))
        closed = asyncio.ensure_future(self._closing.wait())
        with self._place:
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await _send_piece(send, self._written.opening)
                await self._follow(send, gone, closed)
            except WorkerError as error:
                record = request_record_of(scope)
                record.error = error
                await _send_piece(send, self._written.write("problem", None, error.as_problem(record.job_id)))
            finally:
                await cancel_and_wait(gone, closed)
                await self._jobs.aclose()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _follow(self, send: Send, gone: asyncio.Future[Any], closed: asyncio.Future[Any]) -> None:
        """Send records until there is no further one, or one of the futures is done.

        Raises:
            WorkerError: the job cannot be read any more.
        """
        while True:
            coming = asyncio.ensure_future(anext(self._jobs, None))
            try:
                while not (await _first_of(self._heartbeat_s, coming, gone, closed)):
                    await _send_piece(send, self._written.heartbeat())
                if gone.done() or (closed.done() and not coming.done()):
                    return
                job = coming.result()
            finally:
                await cancel_and_wait(coming)
            if job is None:
                return
            await _send_piece(send, self._describe_change(job))

    def _describe_change(self, job: JobRecord) -> bytes:
        event = "progress" if job.status is self._status else "status"
        self._status = job.status
        value = self._describe(job)
        if job.result is not None and len(json.dumps(job.result)) > MAX_RESULT_BYTES:
            del value["result"]
        return self._written.write(event, job.revision, value)


def _encode_line(value: Any) -> bytes:
    return encode_json(value).decode().translate(_LINE_BREAKS).encode()


async def _first_of(timeout_s: float, *futures: asyncio.Future[Any]) -> bool:
    """Wait until one of the futures is done; returns whether one is."""
    done, _ = await asyncio.wait(futures, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


async def _send_piece(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
