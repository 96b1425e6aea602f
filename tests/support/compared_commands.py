"""Compares what a job makes of a command with what ffmpeg alone makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from ffmpeg_worker.errors import WorkerError
from support.bare_ffmpeg import Files, digests, run_alone, take_new
from support.jobs.everyday_commands import Spelling, chain_of
from support.worker import Worker


async def check_same_files(
    worker: Worker, alone: Path, inputs: Files, command: Spelling, passing: Collection[str]
) -> None:
    """Run a command in the folder `alone` and as a job; the files must be equal byte for byte.

    `inputs` are digests of the files that both folders hold, `passing` names of files that one command of a chain
    leaves for a later one: they are no outputs of the job.
    """
    for tokens in chain_of(command):
        await asyncio.to_thread(run_alone, tokens, alone)
    expected = take_new(alone, inputs)
    try:
        result = await worker.process(command)
    except WorkerError as error:
        raise AssertionError(f"{error.code}: {error} {error.stderr}") from None
    made = take_new(worker.data, inputs)
    assert made == {name: digest for name, digest in expected.items() if name not in passing}
    assert {output["name"] for output in result["outputs"]} == set(made)
    assert digests(worker.data) == inputs
