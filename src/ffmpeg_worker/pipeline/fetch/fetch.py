"""The fetch stage: all inputs of a job, in parallel."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.command.name_patterns import is_sequence
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.lifecycle import Stage
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.problem import record_error
from ffmpeg_worker.pipeline.fetch.fetcher import Fetcher
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.small_folders import work_on_folder
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import cancel_and_wait

_PREFLIGHT_S = 10.0
_MAX_AHEAD = 64
"""Inputs that are fetched at once; files of the data root are staged in one go, so thousands hold up the loop."""


@dataclass(frozen=True, slots=True)
class FetchedInput:
    """One input in the staging folder, or the problem that it could not be fetched for."""

    file: LocalFile | None = None
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class FetchedInputs:
    """Result of the fetch step, in the order of the required inputs: their names may contain signatures."""

    inputs: tuple[FetchedInput, ...]

    def are_in(self, staging: Path) -> bool:
        """Whether the files are in the staging folder, and not on a machine where an earlier attempt ran.

        Files that are read by range are open in one attempt only.
        """
        files = [item.file for item in self.inputs if item.file is not None]
        return all(
            not file.by_range and not file.lists_by_range and _is_staged(staging / file.staged) for file in files
        )


def _is_staged(path: Path) -> bool:
    """Whether an input is there; that of a numbered sequence is a pattern in a folder of its own."""
    return path.parent.exists() if is_sequence(path.name) else path.exists()


async def fetch(context: JobContext) -> LocalFiles:
    """Fetch all inputs of a job, and check meanwhile whether its outputs could be delivered.

    Raises:
        WorkerError: with `where.input`; the first one that failed. Jobs whose lanes are independent keep failures
            in the answer instead, for the lane that needs that file.
        TargetError, AddressNotAllowed: the outputs could not be delivered; with `where.field`.
    """
    context.progress.enter(Stage.FETCHING)
    fetched = await context.runtime.step(
        "fetch",
        FetchedInputs,
        partial(_fetch_all, context),
        doing="its inputs were fetched",
        is_usable=lambda fetched: fetched.are_in(context.workspace.staging),
    )
    pairs = list(zip(context.read.required_inputs, fetched.inputs, strict=True))
    return LocalFiles(
        {item.key: found.file for item, found in pairs if found.file is not None},
        {item.key: found.problem for item, found in pairs if found.problem is not None},
    )


async def _fetch_all(context: JobContext) -> FetchedInputs:
    required = context.read.required_inputs
    runtime = context.runtime
    compute = partial(context.resources.compute.call, deadline=runtime.deadline, owner=runtime.owner)
    by_range = context.by_range if await _reads_by_range(context) else None
    fetcher = Fetcher(
        context.workspace, context.stores, _make_meters(context), compute, required, by_range=by_range
    )
    keeps_failures = ACTIONS[context.read.job.action].has_independent_lanes
    inputs: list[FetchedInput] = []
    tasks: deque[asyncio.Task[FetchedInput]] = deque()
    async with _preflight(context.stores):
        try:
            for item in required:
                if len(tasks) == _MAX_AHEAD:
                    inputs.append(await tasks[0])
                    tasks.popleft()
                tasks.append(asyncio.ensure_future(_fetch_one(fetcher, item, keeps_failures)))
            inputs += [await task for task in tasks]
        finally:
            await cancel_and_wait(*tasks, *fetcher.tasks)
    context.probes.by_range = len(context.by_range) > 0
    workspace = context.workspace
    await work_on_folder(workspace.staging, workspace.show_inputs)
    return FetchedInputs(tuple(inputs))


async def _reads_by_range(context: JobContext) -> bool:
    """Whether inputs may be opened instead of downloaded: what reads them can wait for their bytes."""
    if not any(item.by_range for item in context.read.required_inputs):
        return False
    problem, problem_of_ffprobe = await context.resources.reads.problems()
    context.probes.ffprobe_by_range = problem_of_ffprobe is None
    return problem is None


def _make_meters(context: JobContext) -> Callable[[], TransferMeter]:
    """Make a function that opens a meter for a download; all of them together limit what the job fetches."""
    meters: list[TransferMeter] = []

    def judge(received: int) -> None:
        context.resources.check_input_bytes(received)
        context.workspace.usage.set_fetched(sum(meter.done for meter in meters if not meter.is_reused))

    def open_meter() -> TransferMeter:
        meters.append(context.progress.receiving(judge))
        return meters[-1]

    return open_meter


async def _fetch_one(fetcher: Fetcher, required: RequiredInput, keeps_failures: bool) -> FetchedInput:
    try:
        return FetchedInput(await fetcher.fetch(required))
    except WorkerError as error:
        if not keeps_failures:
            raise
        return FetchedInput(problem=record_error(error))


@asynccontextmanager
async def _preflight(stores: Stores) -> AsyncIterator[None]:
    """Ask the target meanwhile whether outputs could be delivered at all: before the work, not after it."""
    preflight = asyncio.ensure_future(stores.target.preflight())
    try:
        yield
        with suppress(TimeoutError):
            try:
                # Not `wait_for`: in Python 3.11 it drops a cancellation that arrives as the future ends.
                async with asyncio.timeout(_PREFLIGHT_S):
                    await preflight
            except WorkerError as error:
                raise error.at(field="upload") from None
    finally:
        await cancel_and_wait(preflight)
