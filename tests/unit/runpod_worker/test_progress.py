"""Progress: read from the HTTP door, and sent on in order and before the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from ffmpeg_worker.runpod_worker.followed import BrokenOff, read_followed
from ffmpeg_worker.runpod_worker.problems import JobFailed
from ffmpeg_worker.runpod_worker.progress import ProgressReport
from support.wait_until import until_async

ANSWER = b'{"progress": {"percent": 1}}\n{"progress": {"percent": 2}}\n{"status": 422}\n{"error": "\xc3\xa4\\n"}'


async def read(text: bytes, size: int = 7, max_bytes: int = 1000) -> tuple[list[Any], int, bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    told: list[Any] = []
    status, body = await read_followed(chunks(), told.append, max_bytes=max_bytes)
    return told, status, body


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_lines_cut_anywhere(size: int) -> None:
    told, status, body = await read(ANSWER, size)
    assert told == [{"percent": 1}, {"percent": 2}]
    assert (status, body) == (422, ANSWER.rpartition(b"\n")[2])


@pytest.mark.parametrize("text", [b"", ANSWER[:20], ANSWER[:40], ANSWER[: ANSWER.index(b'{"error')]])
async def test_an_answer_that_never_came(text: bytes) -> None:
    with pytest.raises(BrokenOff):
        await read(text)


@pytest.mark.parametrize("text", [b"<html>\n", b"[]\n", b'{"progress": 7}\n', b"[" * 5000 + b"\n", b"x" * 2000])
async def test_lines_that_are_none(text: bytes) -> None:
    with pytest.raises(JobFailed) as caught:
        await read(text)
    assert caught.value.problem["code"] == "api_bad_answer"


class Slow:
    """Takes reports one by one, each only when told."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.begun: list[int] = []
        self.go = asyncio.Event()

    async def post(self, value: dict[str, Any]) -> None:
        self.begun.append(value["progress"]["percent"])
        await self.go.wait()
        self.sent.append(value["progress"]["percent"])


def tell(report: ProgressReport, percents: Sequence[int]) -> None:
    for percent in percents:
        report.tell({"percent": percent})


async def test_the_latest_one_at_a_time_and_none_after_the_end() -> None:
    slow = Slow()
    report = ProgressReport(slow.post, pause_s=0)
    tell(report, [1, 2])
    await until_async(lambda: slow.begun == [2])
    tell(report, [3, 4])
    slow.go.set()
    await until_async(lambda: slow.sent == [2, 4])
    slow.go.clear()
    tell(report, [5])
    await until_async(lambda: slow.begun == [2, 4, 5])
    tell(report, [6])
    closing = asyncio.create_task(report.close())
    await asyncio.sleep(0)
    assert not closing.done()
    slow.go.set()
    await closing
    tell(report, [7])
    await asyncio.sleep(0.01)
    assert slow.begun == slow.sent == [2, 4, 5]


async def test_a_cancelled_end_leaves_no_report_behind() -> None:
    slow = Slow()
    report = ProgressReport(slow.post, pause_s=0)
    tell(report, [1])
    await until_async(lambda: slow.begun == [1])
    closing = asyncio.create_task(report.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    slow.go.set()
    await asyncio.sleep(0.01)
    assert slow.sent == []
