"""Responses that report progress before the result, for callers that accept `application/x-ndjson`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api.problems import problem_response, unexpected_error_response
from ffmpeg_worker.api.request_log import RequestRecord, request_record_of
from ffmpeg_worker.api.spooled_response import close_body, send_body
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.lifecycle import JobEvent, Observer
from ffmpeg_worker.tasks import cancel_and_wait

NDJSON_TYPE = "application/x-ndjson"
_PAUSE_S = 0.5
_REPEAT_S = 5.0
_HEADERS = [
    (b"content-type", NDJSON_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx: pass each line on at once
]


class NdjsonProgressResponse(Response):
    """Sends lines `{"progress": {…}}`, at most two a second, then `{"status": 200}` and the body, one line each.

    The last line is repeated while nothing changes, so that neither the caller nor a proxy takes the connection
    for dead. A job that ends before the first line is due gets a response without progress. `run` receives the
    observer of the job and returns the response; an error of it is sent as a problem.
    """

    def __init__(self, run: Callable[[Observer], Awaitable[Response]]) -> None:
        super().__init__(media_type=NDJSON_TYPE)
        self._run = run
        self._latest: JobEvent | None = None
        self._sent: JobEvent | None = None
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the job and send the response."""
        running = asyncio.ensure_future(self._respond(request_record_of(scope)))
        has_begun = False
        try:
            while not (await asyncio.wait({running}, timeout=_PAUSE_S))[0]:
                event = self._take_due()
                if event is not None:
                    if not has_begun:
                        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                        has_begun = True
                    await _send_line(send, {"progress": event.as_json()})
        except BaseException:
            await cancel_and_wait(running)
            if not running.cancelled() and running.exception() is None:
                close_body(running.result())
            raise
        response = running.result()
        if not has_begun:
            await response(scope, receive, send)
            return
        request_record_of(scope).status = response.status_code
        await _send_line(send, {"status": response.status_code})
        await send_body(response, send)

    async def _respond(self, record: RequestRecord) -> Response:
        """Run the job; exception handlers would come too late for its error, as the response may have begun."""
        try:
            return await self._run(self._observe)
        except WorkerError as error:
            record.error = error
            return problem_response(error, record.job_id)
        except Exception:
            return unexpected_error_response(record.job_id)

    def _take_due(self) -> JobEvent | None:
        """Return the progress to send now: a new one, or the last one again after a while."""
        now = time.monotonic()
        if self._latest is not None:
            self._sent, self._latest = self._latest, None
        elif now - self._sent_at < _REPEAT_S:
            return None
        self._sent_at = now
        return self._sent

    def _observe(self, event: JobEvent) -> None:
        self._latest = event


async def _send_line(send: Send, value: dict[str, Any]) -> None:
    await send({"type": "http.response.body", "body": json.dumps(value).encode() + b"\n", "more_body": True})
