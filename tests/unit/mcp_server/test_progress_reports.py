"""Progress for clients: only further percents, the newest ones, and none after the end."""

from __future__ import annotations

import asyncio

from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.mcp_server.progress_reports import report_progress


async def test_each_report_is_further_than_the_one_before() -> None:
    sent: asyncio.Queue[tuple[float, float, str]] = asyncio.Queue()

    async def send(progress: float, total: float, message: str) -> None:
        sent.put_nowait((progress, total, message))

    async with report_progress(send, interval_s=0) as observe:
        observe(JobEvent(Stage.FETCHING, 0.0))
        assert await sent.get() == (0.0, 100.0, "fetching")
        for percent in (0.0, 20.0, 40.0):
            observe(JobEvent(Stage.RUNNING, percent, eta_s=12.4))
        assert await sent.get() == (40.0, 100.0, "running, 12 s left")
        observe(JobEvent(Stage.VERIFYING, 40.0))
        for _ in range(5):  # the sender looks at it
            await asyncio.sleep(0)
        observe(JobEvent(Stage.DELIVERING, 50.0))
        assert await sent.get() == (50.0, 100.0, "delivering")
    observe(JobEvent(Stage.DONE, 100.0))
    assert sent.empty()
