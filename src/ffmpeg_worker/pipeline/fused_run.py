"""One run of ffmpeg that makes the outputs of several lanes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ffmpeg_worker.errors import EngineFailed, TargetError, WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.planning.plan import Fusion, Lane
from ffmpeg_worker.tasks import cancel_and_wait


class RunApart(Exception):
    """The shared run has failed: each lane runs on its own, so that each has its own error."""


class FusedRun:
    """The run that the members of a fusion share, in `folder`; it begins and ends with the context."""

    def __init__(
        self, lanes: Sequence[Lane], fusion: Fusion, folder: Path, run: Callable[[Lane], Awaitable[Executed]]
    ) -> None:
        """`run` executes the lane that it is given, in `folder`."""
        self.folder = folder
        self._lanes = {index: lanes[index] for index in fusion.members}
        self._shared = replace(lanes[fusion.members[0]], steps=(fusion.step,))
        self._run = run

    async def __aenter__(self) -> Self:
        self._running = asyncio.ensure_future(self._run(self._shared))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await cancel_and_wait(self._running)

    def name_of(self, index: int) -> str:
        """The name of a member in later steps."""
        return f"{self.folder.name}-lane-{index}"

    def beside(self, index: int) -> tuple[Lane, ...]:
        """The other members."""
        return tuple(lane for other, lane in self._lanes.items() if other != index)

    async def take(self, index: int) -> Executed:
        """Wait for the end of the run; return it as one of its members sees it, with the outputs of that one only.

        Raises:
            RunApart: it has failed in a way that may concern some of the members only.
            WorkerError: it has failed for all.
        """
        try:
            executed = await asyncio.shield(self._running)
        except (EngineFailed, TargetError) as error:
            log(logging.INFO, "fused run failed, running its process apart", process=index, code=error.code)
            raise RunApart from error
        except WorkerError as error:
            raise error.copy() from None
        except asyncio.CancelledError:
            self._running.cancel()  # the members are cancelled together
            raise
        counts = {member: _count_outputs(lane) for member, lane in self._lanes.items()}
        first = sum(count for member, count in counts.items() if member < index)
        (result,) = executed.results
        own = replace(
            result,
            cpu_seconds=result.cpu_seconds / len(counts),
            frames=None,
            outputs=result.outputs[first : first + counts[index]],
        )
        return replace(
            executed,
            name=self.name_of(index),
            lane=replace(self._lanes[index], steps=executed.lane.steps),
            results=(own,),
            is_fused=True,
            beside=self.beside(index),
        )


def _count_outputs(lane: Lane) -> int:
    return sum(len(read.outputs) for read in lane.chain.commands) if lane.chain is not None else 0
