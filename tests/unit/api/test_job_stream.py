"""Streams of a job's records: what is sent, and when they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.types import Message, Scope

from ffmpeg_worker.api.auth import OpenRequests
from ffmpeg_worker.api.job_stream import MAX_RESULT_BYTES, EventFormat, JobStream, LineFormat, StreamFormat
from ffmpeg_worker.api.request_log import RequestLog
from ffmpeg_worker.errors import JobNotFound
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus

RUNNING = JobRecord("job", "me", "process", JobStatus.RUNNING, revision=2, priority=50, created_at=0.0)
MOVED = replace(RUNNING, revision=3, progress={"percent": 50})
ENDED = replace(MOVED, revision=4, status=JobStatus.SUCCEEDED, result={"outputs": []})
WITHIN_S = 20


@dataclass
class Reader:
    """The client of one stream."""

    sent: list[bytes] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    on_piece: Callable[[bytes], None] = lambda _piece: None
    open_requests: OpenRequests = field(default_factory=lambda: OpenRequests(10))
    ended: bool = False

    async def read(
        self,
        jobs: AsyncGenerator[JobRecord],
        written: StreamFormat | None = None,
        *,
        heartbeat_s: float = 60.0,
    ) -> str:
        """Read a stream to its end; returns all of it."""
        place = ExitStack()
        place.enter_context(self.open_requests.admit("me"))
        stream = JobStream(
            jobs,
            JobRecord.as_json,
            written or EventFormat(),
            closing=self.closing,
            place=place,
            heartbeat_s=heartbeat_s,
        )
        log = RequestLog(stream, on_failure=lambda _id: stream, on_end=lambda *_: None)
        scope: Scope = {"type": "http", "method": "GET", "path": "/"}
        async with asyncio.timeout(WITHIN_S):
            await log(scope, self._receive, self._send)
        assert self.open_requests.by_owner["me"] == 0
        return b"".join(self.sent).decode()

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])
            self.on_piece(message["body"])
            self.ended = not message["more_body"]


async def stream_of(*jobs: JobRecord, then: Any = None) -> AsyncGenerator[JobRecord]:
    for job in jobs:
        yield job
    if isinstance(then, Exception):
        raise then
    if then == "silence":
        await asyncio.get_running_loop().create_future()


def events(text: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((lines["event"], lines.get("id"), json.loads(lines["data"])))
    return found


async def test_events_have_the_record_its_revision_and_a_name() -> None:
    text = await Reader().read(stream_of(RUNNING, MOVED, ENDED))
    assert text.startswith("retry: 3000\n\n")
    assert [(name, number) for name, number, _ in events(text)] == [
        ("status", "2"),
        ("progress", "3"),
        ("status", "4"),
    ]
    assert [value for *_, value in events(text)] == [RUNNING.as_json(), MOVED.as_json(), ENDED.as_json()]


async def test_lines() -> None:
    text = await Reader().read(stream_of(RUNNING, ENDED), LineFormat())
    assert [json.loads(line) for line in text.splitlines()] == [RUNNING.as_json(), ENDED.as_json()]


async def test_texts_with_line_breaks_stay_on_one_line() -> None:
    odd = replace(ENDED, metadata={"a\n\ndata: x\r": "\u2028\u2029\x85\n\r\n"})
    ((_, _, value),) = events(await Reader().read(stream_of(odd)))
    assert value["metadata"] == odd.metadata


@pytest.mark.parametrize("written", [EventFormat, LineFormat])
async def test_silence_is_filled(written: Callable[[], StreamFormat]) -> None:
    reader = Reader()
    reader.on_piece = lambda _piece: reader.gone.set() if len(reader.sent) > 4 else None
    text = await reader.read(stream_of(RUNNING, then="silence"), written(), heartbeat_s=0.001)
    if written is EventFormat:
        assert ": still here\n\n" in text
        assert len(events(text)) == 1
    else:
        assert {line for line in text.splitlines() if line} == {
            json.dumps(RUNNING.as_json(), separators=(",", ":"))
        }


@pytest.mark.parametrize("what", ["gone", "closing"])
async def test_it_ends_when_the_caller_goes_or_the_worker_closes(what: str) -> None:
    reader = Reader()
    reader.on_piece = lambda piece: getattr(reader, what).set() if b"status" in piece else None
    jobs = stream_of(RUNNING, then="silence")
    await reader.read(jobs)
    assert reader.ended
    assert [item async for item in jobs] == []  # it is closed


async def test_a_job_that_vanishes_ends_the_stream_with_its_problem() -> None:
    text = await Reader().read(stream_of(RUNNING, then=JobNotFound("There is no such job.")))
    name, number, value = events(text)[-1]
    assert (name, number, value["code"]) == ("problem", None, "job_not_found")


async def test_a_large_result_is_left_out() -> None:
    large = replace(ENDED, result={"logs": "x" * MAX_RESULT_BYTES})
    ((_, _, value),) = events(await Reader().read(stream_of(large)))
    assert "result" not in value
    assert value["status"] == "succeeded"


async def test_the_place_is_freed_when_the_task_is_cancelled() -> None:
    reader = Reader()
    has_begun = asyncio.Event()
    reader.on_piece = lambda piece: has_begun.set() if b"status" in piece else None
    reading = asyncio.create_task(reader.read(stream_of(RUNNING, then="silence")))
    async with asyncio.timeout(WITHIN_S):
        await has_begun.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert reader.open_requests.by_owner["me"] == 0
