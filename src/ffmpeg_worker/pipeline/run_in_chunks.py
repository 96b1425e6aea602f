"""Runs an encode that was split: all pieces side by side, then the step that joins them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.progress import FractionReport, Pace, step_fraction
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex, read_packet_index
from ffmpeg_worker.planning.chunks.plan_chunks import ChunkPlan, Piece, plan_piece
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from ffmpeg_worker.tasks import run_all

_JOIN_SHARE = 0.02
_MAX_ROUNDING_S = Fraction(2, 1000)
# Some pictures that follow the key frame of an open group refer to pictures before it. They are shown before the
# key frame, so they belong to the chunk before.
_LACKS_FRAMES_BEFORE = re.compile(
    r"mmco: unref short failure|co located POCs unavailable|[Mm]issing reference picture"
    r"|Could not find ref with POC|Error constructing the frame RPS|reference picture missing during reorder"
)


class RunPiece(Protocol):
    """Runs one piece, so that its output lies in the folder of the lane, and reports its progress."""

    async def __call__(self, piece: Piece, report: FractionReport) -> StepResult:
        """Run a piece; it may be run again after a crash, and then replaces its output.

        Raises:
            WorkerError: the piece failed.
        """
        ...


class PiecesDoNotFit(Exception):
    """The pieces were encoded, but joining them would not give the output of one process."""


class LocalPieces:
    """Runs pieces in slots of this worker."""

    def __init__(self, context: JobContext, lane: Lane, folder: Path, files: LocalFiles) -> None:
        self._context = context
        self._lane = lane
        self._files = files
        self._command = CommandRunner(context, folder, lane.display_names)

    async def prepare(self) -> None:
        """Make the files and folders that the command needs, once for all pieces."""
        for step in self._lane.steps:
            if isinstance(step, FfmpegStep):
                await self._command.place_all(step.setup)

    async def run(self, piece: Piece, report: FractionReport) -> StepResult:
        """See `RunPiece`."""
        step = replace(plan_piece(piece, self._files, self._context.machine), setup=())

        def tell(progress: Progress) -> None:
            if piece.frames is not None and progress.frame is not None:
                report(min(progress.frame / piece.frames, 1.0), Pace(progress.speed, progress.fps))
            else:
                report(step_fraction(progress, piece.length_s), Pace(progress.speed, progress.fps))

        return await self._command.run(step, tell, is_alone=False)


async def run_in_chunks(
    context: JobContext, lane: Lane, plan: ChunkPlan, folder: Path, run_piece: RunPiece, progress: FractionReport
) -> StepResult:
    """Run all pieces and join them; each is a step of the runtime with a name of its own.

    Returns:
        One result, as if one process had run the command.

    Raises:
        PiecesDoNotFit: a chunk lacks frames, or has other codec parameters than the others.
        WorkerError: a piece failed; the others were stopped.
    """
    run = _ChunkedRun(context, lane, plan, folder, run_piece, progress)
    results = await run_all(run.run_piece(piece) for piece in plan.pieces)
    return await run.join(results)


class _ChunkedRun:
    """One run of the pieces of a lane."""

    def __init__(
        self,
        context: JobContext,
        lane: Lane,
        plan: ChunkPlan,
        folder: Path,
        run_piece: RunPiece,
        progress: FractionReport,
    ) -> None:
        self._context = context
        self._lane = lane
        self._plan = plan
        self._folder = folder
        self._run_piece = run_piece
        self._progress = progress
        self._done = {piece.name: 0.0 for piece in plan.pieces}

    async def run_piece(self, piece: Piece) -> StepResult:
        name = self._name_of(piece.name)

        async def run() -> StepResult:
            result = await self._run_piece(piece, partial(self._report, piece))
            self._context.workspace.mark_done(name)
            return result

        result = await self._context.runtime.step(
            name, StepResult, run, is_usable=lambda _: self._is_here(piece, name)
        )
        self._report(piece, 1.0, Pace())
        return result

    def _is_here(self, piece: Piece, name: str) -> bool:
        """Whether the output of a recorded piece is here, or was joined here already."""
        workspace = self._context.workspace
        return workspace.has_done(name) and (
            (self._folder / piece.output).is_file() or workspace.has_done(self._name_of("join"))
        )

    async def join(self, results: Sequence[StepResult]) -> StepResult:
        name = self._name_of("join")
        run = partial(self._join, results)
        joined = await self._context.runtime.step(
            name, StepResult, run, is_usable=lambda _: self._context.workspace.has_done(name)
        )
        remove_pieces(self._folder, self._plan)
        self._progress(1.0, None)
        return joined

    async def _join(self, results: Sequence[StepResult]) -> StepResult:
        await self._check_chunks()
        later = range(1, len(self._plan.chunks))
        results = [forget_seeking(result) if number in later else result for number, result in enumerate(results)]
        runner = CommandRunner(self._context, self._folder, self._lane.display_names)
        joined = await runner.run(self._plan.join, lambda _: None, is_alone=False)
        output = self._lane.artifacts[0].work_name
        found = await self._index(output)
        plan = self._plan
        if found.frames != plan.frames or abs(found.span_s - plan.span_s) > _MAX_ROUNDING_S:
            raise PiecesDoNotFit(f"the output has {found.frames} frames of {plan.frames} in {found.span_s:g} s")
        self._context.workspace.mark_done(self._name_of("join"))
        return _merge(joined, results, self._plan)

    async def _check_chunks(self) -> None:
        """Each frame must be in one chunk, and all chunks must have the same codec parameters."""
        indexes = [await self._index(piece.output) for piece in self._plan.chunks]
        for piece, index in zip(self._plan.chunks, indexes, strict=True):
            if index.frames != piece.frames:
                raise PiecesDoNotFit(f"{piece.name} has {index.frames} frames of {piece.frames}")
            if index.parameters != indexes[0].parameters:
                raise PiecesDoNotFit(f"{piece.name} was encoded with other parameters than the first one")

    async def _index(self, name: str) -> PacketIndex:
        return read_packet_index(await self._context.probes.index(self._folder / name))

    def _name_of(self, step: str) -> str:
        return f"{self._folder.name}/{step}"

    def _report(self, piece: Piece, fraction: float, pace: Pace | None) -> None:
        """Report the finished share of all frames; the other streams take little time."""
        self._done[piece.name] = max(self._done[piece.name], fraction)
        frames = sum(self._done[each.name] * (each.frames or 0) for each in self._plan.chunks)
        self._progress((1 - _JOIN_SHARE) * frames / self._plan.frames, pace)


def forget_seeking(result: StepResult, also: str = "") -> StepResult:
    """The result of a chunk without the decoder's complaints about frames before the first key frame it got.

    `also` is a pattern of further complaints that mean the same.

    Raises:
        PiecesDoNotFit: the source is damaged, and only one process tells what that means for the output.
    """
    problems = [*result.problems, *([result.damage] if result.damage is not None else ())]
    if not all(
        _LACKS_FRAMES_BEFORE.search(problem) or (also and re.search(also, problem)) for problem in problems
    ):
        raise PiecesDoNotFit(f"a chunk has a problem: {problems[0]}")
    return replace(result, problems=(), damage=None)


def remove_pieces(folder: Path, plan: ChunkPlan) -> None:
    """Remove the files of the pieces."""
    for name in plan.file_names:
        (folder / name).unlink(missing_ok=True)


def _merge(joined: StepResult, results: Sequence[StepResult], plan: ChunkPlan) -> StepResult:
    """The results of the pieces as that of one process.

    The pieces know the sources of the streams, and the join the sizes.
    """
    every = (*results, joined)
    rest = results[len(plan.chunks) :]
    first = [result.outputs[0] for result in (*results[:1], *rest) if result.outputs]
    streams = tuple(stream for output in first for stream in output.streams)
    return replace(
        joined,
        seconds=max(result.seconds for result in results) + joined.seconds,
        cpu_seconds=sum(result.cpu_seconds for result in every),
        frames=plan.frames,
        out_time_s=sum(piece.length_s for piece in plan.chunks),
        problems=tuple(dict.fromkeys(problem for result in every for problem in result.problems)),
        damage=next((result.damage for result in every if result.damage is not None), None),
        log="".join(result.log for result in rest),
        stdout=next((result.stdout for result in rest), None),
        is_log_cut=any(result.is_log_cut for result in rest),
        measurements=tuple(one for result in rest for one in result.measurements),
        outputs=tuple(replace(output, streams=streams) for output in joined.outputs[:1]),
        warnings=tuple(dict.fromkeys(warning for result in every for warning in result.warnings)),
    )
