"""Runs the steps of a job: directly, or recorded so that another process can continue the job.

A step has a name and a small result that pydantic turns into JSON and back: facts, and names of files in the
job's workspace, never bytes, exceptions or secrets. A runtime that records may therefore store each result, drop
everything in memory, and call the job function again: steps that have a record do not run again. Plans are not
stored, since planning is pure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ffmpeg_worker.errors import EngineTimedOut
from ffmpeg_worker.job.command_log import LogSink
from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.job.platform_job import PlatformJob
from ffmpeg_worker.pipeline.progress import FractionReport
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.chunks.plan_chunks import Piece
from ffmpeg_worker.planning.step_result import StepResult

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Folders of a request.

    Attributes:
        inputs: the files that came with the job; `None` if none did.
        answer: outputs go there, not to the data root or the default bucket, since they are the answer.
    """

    inputs: Path | None = None
    answer: Path | None = None


NO_FILES = JobFiles()


def always(_result: Any) -> bool:
    """Accept every recorded result."""
    return True


class PieceWorkers(Protocol):
    """Other workers, which run the pieces of a split encode as jobs of their own."""

    @property
    def count(self) -> int:
        """Pieces that they can run side by side, about."""
        ...

    async def run(self, piece: Piece, report: FractionReport, *, folder: Path) -> StepResult:
        """Run a piece anywhere; when it returns, `piece.output` is a file of `folder`.

        It may be called again for the same piece after a crash, and then replaces the file.

        Raises:
            WorkerError: the piece failed.
        """
        ...


class Runtime(Protocol):
    """Runs one job; `deadline` is a time of the monotonic clock."""

    @property
    def resources(self) -> WorkerResources:
        """The resources of the worker."""
        ...

    @property
    def job_id(self) -> str:
        """Names the job in logs, results, object keys and its workspace."""
        ...

    @property
    def platform_job(self) -> PlatformJob | None:
        """The identity of the job at the platform that hands it out, where that may hand it out again."""
        ...

    @property
    def owner(self) -> str:
        """Owner of the job: the label of its API key, or `owners.ANONYMOUS`."""
        ...

    @property
    def deadline(self) -> float:
        """The end of the job's time."""
        ...

    @property
    def observer(self) -> Observer:
        """Receives the progress of the job."""
        ...

    @property
    def log_sink(self) -> LogSink:
        """Receives what the commands of the job log; `ignore_log` if nobody wants it."""
        ...

    @property
    def uploads_early(self) -> bool:
        """Whether segments may be uploaded while their command still runs, outside of any step."""
        ...

    @property
    def records_steps(self) -> bool:
        """Whether steps are recorded; such a step must not begin within another one."""
        ...

    @property
    def outputs_folder(self) -> Path | None:
        """Outputs of a job that names no target go here; `None` stands for the data root."""
        ...

    @property
    def inputs_folder(self) -> Path | None:
        """The files that came with the job; `None` if none did."""
        ...

    @property
    def answers_files(self) -> bool:
        """Whether the outputs are the answer of the request, and go to no default bucket."""
        ...

    @property
    def piece_workers(self) -> PieceWorkers | None:
        """Runs pieces of the job on other workers; `None` where there are none."""
        ...

    def open_workspace(self) -> AbstractAsyncContextManager[Workspace]:
        """The directory of the job: a new one, or that of an earlier attempt.

        Raises:
            DiskFull: too little room is left.
            KeyLimitReached: the owner's jobs hold too much.
        """
        ...

    async def keeps_outputs(self) -> bool:
        """Whether outputs that were delivered stay although this attempt fails: another one goes on with them."""
        ...

    async def step(
        self,
        name: str,
        kind: type[T],
        run: Callable[[], Awaitable[T]],
        *,
        doing: str | None = None,
        is_usable: Callable[[T], bool] = always,
        has_effects: bool = False,
    ) -> T:
        """Run a step, or return its recorded result.

        Args:
            name: unique within the job, and the same in every attempt.
            kind: the type of the result, a dataclass or model that pydantic turns into JSON and back.
            run: does the work; it may be repeated after a crash, so it must be idempotent.
            doing: what the job's time is spent on, for the error when it runs out; `None` for work that enforces
                the deadline itself.
            has_effects: whether it changes something outside of the workspace, so that a repetition would show.
            is_usable: whether a recorded result still holds, for instance because its files are there.

        Raises:
            WorkerError: of the step, in this attempt or a recorded one; EngineTimedOut.
        """
        ...


async def run_until(deadline: float, run: Callable[[], Awaitable[T]], doing: str, timeout_s: float) -> T:
    """Run work until a deadline of the monotonic clock; `timeout_s` is the job's whole time.

    Raises:
        EngineTimedOut: the time ran out while `doing`.
    """
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), 0.001)):
            return await run()
    except TimeoutError:
        raise EngineTimedOut(
            f"The time for the job, {timeout_s:g} s, was used up while {doing}.", hint='Allow more with "timeout".'
        ) from None
