"""The question to the target, which is asked while inputs are fetched."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from ffmpeg_worker.pipeline.fetch.fetch import _preflight
from ffmpeg_worker.storage.stores import Stores


async def test_a_cancellation_as_the_answer_arrives_is_not_lost() -> None:
    """The job would otherwise run to its end."""

    async def answer() -> None:
        asyncio.get_running_loop().call_soon(job.cancel)  # this task has ended by then, and the job not gone on

    async def run() -> None:
        async with _preflight(cast(Stores, SimpleNamespace(target=SimpleNamespace(preflight=answer)))):
            pass

    job = asyncio.create_task(run())
    with pytest.raises(asyncio.CancelledError):
        await job
