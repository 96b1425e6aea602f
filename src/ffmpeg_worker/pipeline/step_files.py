"""Files that steps wrote into their working directory, and what follows from them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ffmpeg_worker.pipeline.compute_calls import MAX_STEP_FILE_BYTES, Build, PackedBuild, build_from_files
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.planning.plan import Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.sandbox.beneath import read_beneath

_INLINE_BYTES = 256 << 10
"""Larger files are parsed in a child process; VMAF scores of this size take some 10 ms."""
_MEMORY_BYTES = 2 << 30
_CPU_S = 300
"""CPU seconds; the thumbnails of the longest videos take a third of it."""


async def read_step_files(folder: Path, names: tuple[str, ...]) -> StepFiles:
    """Read files that steps wrote into the working directory; a missing one is empty."""
    return {name: await asyncio.to_thread(read_beneath, folder, name, MAX_STEP_FILE_BYTES) for name in names}


async def summarize(
    context: JobContext, summary: Summary, results: Sequence[StepResult], folder: Path
) -> dict[str, Any]:
    """Build what an action adds to its result; large files are read and parsed in a child process.

    Raises:
        WorkerError: see `Compute.call`.
    """
    is_packed = isinstance(summary.build, PackedBuild)
    if not is_packed and (not summary.parses or _size_of(folder, summary.reads) <= _INLINE_BYTES):
        return summary.build(results, await read_step_files(folder, summary.reads))
    return await build_apart(context, summary.build, results, summary.reads, folder)


async def build_apart(
    context: JobContext, build: Build, results: Sequence[StepResult], reads: Sequence[str], folder: Path
) -> dict[str, Any]:
    """Call `build` on files of the working directory, which a child process reads.

    Raises:
        WorkerError: see `Compute.call`.
    """
    return await context.resources.compute.call_apart(
        context.runtime.deadline,
        *(build_from_files, build, results, reads),
        owner=context.runtime.owner,
        memory_bytes=_MEMORY_BYTES,
        cpu_s=_CPU_S,
        jail=context.workspace.jail,
        cwd=folder,
    )


def _size_of(folder: Path, names: Sequence[str]) -> int:
    total = 0
    for name in names:
        with suppress(FileNotFoundError):
            total += (folder / name).lstat().st_size
    return total
