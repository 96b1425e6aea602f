"""Executes a lane whose frames are copied from its sources where that is possible."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ffmpeg_worker.errors import EngineFailed, SourceError
from ffmpeg_worker.ffmpeg.probe.frame_requests import list_coded_frames
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.planning.chunks.packet_index import read_packet_index
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import JoinStep
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames, read_coded_frames
from ffmpeg_worker.planning.stream_copy.copy_request import CopyRequest, NotCopied, SourcePart

_MAX_ROUNDING_S = Fraction(2, 1000)


class CopiesDoNotFit(Exception):
    """Frames were copied, but the video is not what rendering all of them gives."""


async def copy_frames(
    context: JobContext, lane: Lane, request: CopyRequest, folder: Path, run: Callable[[Lane], Awaitable[Executed]]
) -> Executed | Lane:
    """Run a lane with copied frames, by `run`.

    Returns:
        The lane as it must run without copies, with the reason among its warnings, where nothing can be copied.

    Raises:
        CopiesDoNotFit: all must be rendered, in another folder.
        WorkerError: no room, no time, or the like.
    """
    try:
        if request.reason:
            raise NotCopied(request.reason)
        coded = {file: await _read_frames(context, folder, file, part) for file, part in request.parts.items()}
        copied = replace(lane, steps=await asyncio.to_thread(request.plan, coded), copies=None)
    except NotCopied as reason:
        return without_copies(lane, str(reason))
    except SourceError:
        return without_copies(lane, "the packets of a source cannot be read")
    try:
        executed = await run(copied)
        await _check(context, executed)
    except EngineFailed as error:
        raise CopiesDoNotFit(f"{error}: {error.detail}") from error
    return executed


async def _read_frames(context: JobContext, folder: Path, name: str, part: SourcePart) -> CodedFrames:
    document = await context.by_range.read(
        name.removeprefix(f"{STAGING_FOLDER}/"),
        lambda file: list_coded_frames(context.probes, folder / name, part.begin_s, part.end_s, file=file),
    )
    return read_coded_frames(document)


def without_copies(lane: Lane, reason: str) -> Lane:
    """Return a lane that renders all frames; the reason is a warning where the caller asks for copies."""
    is_wanted = lane.copies is not None and lane.copies.is_wanted
    warnings = (*lane.warnings, *((f"All frames were rendered: {reason}.",) if is_wanted else ()))
    return replace(lane, copies=None, warnings=warnings)


async def _check(context: JobContext, executed: Executed) -> None:
    """Check that the video has each frame once, and in its place."""
    join = next(step for step in executed.lane.steps if isinstance(step, JoinStep))
    index = read_packet_index(await context.probes.index(executed.folder / executed.lane.artifacts[0].work_name))
    frames = join.order.frames
    span_s = Fraction(frames - 1) * join.rate[1] / join.rate[0]
    if index.problem or index.frames != frames or abs(index.span_s - span_s) > _MAX_ROUNDING_S:
        log(logging.WARNING, "copied frames do not fit", frames=index.frames, wanted=frames, problem=index.problem)
        raise CopiesDoNotFit(f"the video has {index.frames} frames of {frames}")
