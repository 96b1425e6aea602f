"""Executes a lane that cuts a part out of a video and copies its frames, where the caller wants that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ffmpeg_worker.errors import EngineFailed, EngineKilled, SourceError
from ffmpeg_worker.ffmpeg.probe.frame_requests import decode_ends, find_sound_ends, list_coded_frames
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.join_packets import PacketsDoNotFit, join_packets
from ffmpeg_worker.pipeline.progress import FractionReport
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.run_in_chunks import forget_seeking
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.smart_cut.check_times import checked_ends, find_difference, find_undecoded
from ffmpeg_worker.planning.smart_cut.describe_sound import describe_sound
from ffmpeg_worker.planning.smart_cut.plan_cut import CutPlan, plan_cut
from ffmpeg_worker.planning.smart_cut.read_cut import Cut, CutRequest, encoded_whole
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames, read_coded_frames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied
from ffmpeg_worker.planning.stream_copy.matched_encoder import ENCODERS

_MARGIN_S = 1.0
_BEGINS_WITHIN = (
    r"non-existing [PS]PS|PPS id out of range|decode_slice_header error|no frame!|Error parsing NAL unit"
)
"""What decoders say of MPEG-TS until the first key frame."""


@dataclass(frozen=True, slots=True)
class CutOutcome:
    """The result of a cut with all its steps as one, or the reason why all frames must be encoded."""

    result: StepResult = field(default_factory=StepResult)
    reason: str = ""


class SmartCut:
    """The run of one lane in its `folder`."""

    def __init__(self, context: JobContext, lane: Lane, request: CutRequest, folder: Path) -> None:
        self._context = context
        self._lane = lane
        self._request = request
        self._folder = folder
        self._name = f"{folder.name}/smart-cut"

    async def execute(
        self, files: LocalFiles, media: Mapping[str, MediaInfo], progress: FractionReport
    ) -> Executed | Lane:
        """Run the lane with copied frames.

        Returns:
            The lane as it must encode all frames, with the reason among its warnings, where none can be copied.

        Raises:
            WorkerError: no room, no time, or the like.
        """
        cut = self._request.cut
        if cut is None:
            return self._encoded_whole(self._request.reason)
        is_done = self._context.workspace.has_done(self._name)
        outcome = await self._context.runtime.step(
            self._name,
            CutOutcome,
            lambda: self._try(cut, files, media, progress),
            is_usable=lambda found: bool(found.reason) or is_done,
        )
        if outcome.reason:
            return self._encoded_whole(outcome.reason)
        (step,) = self._lane.steps
        lane = replace(self._lane, steps=(step,), chain=None)
        return Executed(self._folder.name, lane, self._folder, (outcome.result,))

    async def _try(
        self, cut: Cut, files: LocalFiles, media: Mapping[str, MediaInfo], progress: FractionReport
    ) -> CutOutcome:
        try:
            facts = media.get(cut.command.key)
            if facts is None:
                raise NotCopied("the source cannot be probed")
            frames = await self._read_frames(cut, files[cut.command.key])
            plan = await asyncio.to_thread(plan_cut, self._lane, cut, frames, facts, files, self._context.machine)
            taken = {self._lane.artifacts[0].work_name, *self._lane.referenced_files}
            if plan.file_names & taken:
                raise NotCopied("a file of the job has the name of a piece")
            result = await self._run(plan, frames, progress)
        except (NotCopied, NotSplit) as reason:
            return CutOutcome(reason=str(reason))
        except (EngineFailed, EngineKilled, SourceError, PacketsDoNotFit) as error:
            # The caller's own command either succeeds, or fails with an error in the caller's terms.
            log(logging.WARNING, "copied frames do not fit, encoding all", error=str(error))
            return CutOutcome(reason="its pieces failed or did not fit together")
        self._context.workspace.mark_done(self._name)
        return CutOutcome(result)

    async def _read_frames(self, cut: Cut, source: LocalFile) -> CodedFrames:
        begin, end = float(cut.times.start), cut.times.latest_end
        until = None if end is None else float(end) + _MARGIN_S
        document = await self._context.by_range.read(
            source.staged,
            lambda file: list_coded_frames(self._context.probes, source.path, begin, until, file=file),
        )
        frames = await asyncio.to_thread(read_coded_frames, document)
        encoder = ENCODERS[frames.codec]
        if not frames.problem and encoder not in self._context.resources.tools.capabilities.encoders:
            raise NotCopied(f"this worker has no {encoder} for the frames at the cuts")
        return frames

    async def _run(self, plan: CutPlan, frames: CodedFrames, progress: FractionReport) -> StepResult:
        self._context.workspace.hand_over(self._folder)
        runner = CommandRunner(self._context, self._folder, self._lane.display_names)
        steps = _Steps(runner, progress, len(plan.encodes) + (plan.rest is not None) + 2)
        try:
            encoded = [forget_seeking(await steps.run(step), _BEGINS_WITHIN) for step in plan.encodes]
            rest = [await steps.run(plan.rest)] if plan.rest is not None else []
            warnings = await self._describe_sound(plan) if plan.rest is not None else ()
            await steps.advance(self._join(plan, runner))
            joined = await steps.run(plan.join)
            await self._check(plan, frames)
        finally:
            _remove(self._folder, plan)
        return _merge(plan, frames, [*encoded, *rest, joined], warnings)

    async def _join(self, plan: CutPlan, runner: CommandRunner) -> None:
        async with runner.slot():
            await join_packets(runner, self._context.probes, plan.order)

    async def _describe_sound(self, plan: CutPlan) -> tuple[str, ...]:
        """A sentence about copied sound that begins at the border of a packet, not at the first frame."""
        if not plan.early_s:
            return ()
        ends = await find_sound_ends(self._context.probes, self._folder / plan.rest_name)
        return describe_sound(ends, plan) if ends else ()

    async def _check(self, plan: CutPlan, frames: CodedFrames) -> None:
        """Each frame must be there once, at its time, and the frames around the cuts must be decodable.

        Raises:
            PacketsDoNotFit: the output differs from the plan.
        """
        output, probes, part = self._folder / self._lane.artifacts[0].work_name, self._context.probes, plan.part
        found = read_coded_frames(await list_coded_frames(probes, output, is_own=True))
        problem = await asyncio.to_thread(find_difference, part, frames, found)
        if problem is None:
            ends = checked_ends(part, found)
            decoded = await decode_ends(probes, output, ends.first_frames, ends.last_key)
            problem = find_undecoded(part, frames, found, decoded)
        if problem is not None:
            raise PacketsDoNotFit(problem)

    def _encoded_whole(self, reason: str) -> Lane:
        return replace(self._lane, warnings=(*self._lane.warnings, encoded_whole(reason)))


class _Steps:
    """Runs the steps of a cut and reports how many of them have ended."""

    def __init__(self, runner: CommandRunner, progress: FractionReport, count: int) -> None:
        self._runner = runner
        self._progress = progress
        self._count = count
        self._done = 0

    async def run(self, step: FfmpegStep) -> StepResult:
        results: list[StepResult] = []

        async def run() -> None:
            results.append(await self._runner.run(step, lambda _: None, is_alone=False))

        await self.advance(run())
        return results[0]

    async def advance(self, work: Awaitable[None]) -> None:
        await work
        self._done += 1
        self._progress(self._done / self._count, None)


def _remove(folder: Path, plan: CutPlan) -> None:
    for name in plan.file_names:
        (folder / name).unlink(missing_ok=True)


def _merge(
    plan: CutPlan, frames: CodedFrames, results: Sequence[StepResult], warnings: tuple[str, ...]
) -> StepResult:
    """The results of all steps as that of one process."""
    shown, copied = plan.part.shown, len(plan.part.copied)
    *_, joined = results
    return replace(
        joined,
        seconds=sum(result.seconds for result in results),
        cpu_seconds=sum(result.cpu_seconds for result in results),
        frames=len(shown),
        copied_frames=copied,
        encoded_frames=len(shown) - copied,
        out_time_s=float((shown[-1] - shown[0]) * frames.time_base + 1 / frames.rate),
        problems=tuple(dict.fromkeys(problem for result in results for problem in result.problems)),
        damage=next((result.damage for result in results if result.damage is not None), None),
        outputs=tuple(replace(output, streams=()) for output in joined.outputs[:1]),
        warnings=(*warnings, *dict.fromkeys(warning for result in results for warning in result.warnings)),
    )
