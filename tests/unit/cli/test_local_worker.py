"""Signals stop a command, and its cleanup is waited for."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from ffmpeg_worker.cli.local_worker import run_stoppable
from ffmpeg_worker.errors import JobCancelled


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_cancels_the_work_and_further_ones_do_not_interrupt_the_cleanup(
    number: signal.Signals,
) -> None:
    cleaned_up = False

    async def work() -> None:
        nonlocal cleaned_up
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(10)
        finally:
            for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(os.getpid(), again)
            await asyncio.sleep(0.01)
            cleaned_up = True

    with pytest.raises(JobCancelled):
        run_stoppable(work())
    assert cleaned_up


def test_the_result_of_the_work_is_returned() -> None:
    async def work() -> int:
        return 7

    assert run_stoppable(work()) == 7
