"""Progress reports to RunPod: in order, and none after the result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ffmpeg_worker.runpod_worker.progress_report import ProgressReport
from support.wait_until import until_async


class Slow:
    """Accepts reports one by one, each only after `go` is set."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.begun: list[int] = []
        self.go = asyncio.Event()

    async def post(self, value: dict[str, Any]) -> None:
        self.begun.append(value["progress"]["percent"])
        await self.go.wait()
        self.sent.append(value["progress"]["percent"])


def update(report: ProgressReport, percents: Sequence[int]) -> None:
    for percent in percents:
        report.update({"percent": percent})


async def test_the_latest_report_one_at_a_time_and_none_after_close() -> None:
    slow = Slow()
    report = ProgressReport(slow.post, pause_s=0)
    update(report, [1, 2])
    await until_async(lambda: slow.begun == [2])
    update(report, [3, 4])
    slow.go.set()
    await until_async(lambda: slow.sent == [2, 4])
    slow.go.clear()
    update(report, [5])
    await until_async(lambda: slow.begun == [2, 4, 5])
    update(report, [6])
    closing = asyncio.create_task(report.close())
    await asyncio.sleep(0)
    assert not closing.done()
    slow.go.set()
    await closing
    update(report, [7])
    await asyncio.sleep(0.01)
    assert slow.begun == slow.sent == [2, 4, 5]


async def test_a_cancelled_close_leaves_no_report_behind() -> None:
    slow = Slow()
    report = ProgressReport(slow.post, pause_s=0)
    update(report, [1])
    await until_async(lambda: slow.begun == [1])
    closing = asyncio.create_task(report.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    slow.go.set()
    await asyncio.sleep(0.01)
    assert slow.sent == []
