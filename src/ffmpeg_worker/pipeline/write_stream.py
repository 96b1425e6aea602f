"""Writes a file that a renderer reads from a pipe meanwhile."""

from __future__ import annotations

from typing import BinaryIO

from ffmpeg_worker.errors import EngineKilled, EngineTimedOut, WorkerError
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import StreamedFile

_BROKEN_PIPE = "Broken pipe"


class StreamFailed(Exception):
    """A file that the renderer reads could not be written, for the reason that is its cause."""


async def write_stream(stream: StreamedFile, command: CommandRunner, target: BinaryIO) -> StepResult:
    """Write a file that the renderer reads.

    Raises:
        StreamFailed: that failed, and not because the renderer has ended.
    """
    try:
        return await command.run_in_slot(stream.step, lambda _: None, stdout=target)
    except EngineTimedOut:
        raise
    except WorkerError as error:
        if _BROKEN_PIPE in f"{error.detail}{error.stderr}" and not isinstance(error, EngineKilled):
            return StepResult()
        raise StreamFailed from error
