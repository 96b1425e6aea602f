"""Executes a lane in chunks where the caller wants that, and where it is safe and pays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from ffmpeg_worker.errors import EngineFailed, EngineKilled, SourceError
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.progress import FractionReport
from ffmpeg_worker.pipeline.run_in_chunks import (
    LocalPieces,
    PiecesDoNotFit,
    RunPiece,
    remove_pieces,
    run_in_chunks,
)
from ffmpeg_worker.planning.chunks.choose_count import choose_count
from ffmpeg_worker.planning.chunks.decide_split import Split, decide_split
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.packet_index import read_packet_index
from ffmpeg_worker.planning.chunks.plan_chunks import plan_chunks
from ffmpeg_worker.planning.chunks.splittable import SplitRequest, Splittable, one_piece
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep


class SplitEncode:
    """The chunked run of one lane in its `folder`."""

    def __init__(self, context: JobContext, lane: Lane, request: SplitRequest, folder: Path) -> None:
        self._context = context
        self._lane = lane
        self._request = request
        self._folder = folder

    async def execute(
        self, files: LocalFiles, media: Mapping[str, MediaInfo], progress: FractionReport
    ) -> Executed | Lane:
        """Run the lane in chunks.

        Returns:
            The lane as it must run in one piece, with the reason among its warnings, where it was not split.

        Raises:
            WorkerError: no room, no time, or the like.
        """
        try:
            command = self._request.command
            if command is None:
                raise NotSplit(self._request.reason)
            split = await self._decide(command, files, media)
            if not split.cuts:
                return self._lane
            plan = plan_chunks(self._lane, command, split, files, self._context.machine)
            if plan.file_names & {self._lane.artifacts[0].work_name, *self._lane.referenced_files}:
                raise NotSplit("a file of the job has the name of a chunk")
        except NotSplit as reason:
            return self._in_one_piece(str(reason))
        self._context.workspace.hand_over(self._folder)
        try:
            run_piece = await self._open_workers(files)
            result = await run_in_chunks(self._context, self._lane, plan, self._folder, run_piece, progress)
        except (EngineFailed, EngineKilled, SourceError, PiecesDoNotFit) as error:
            # The caller's own command either succeeds, or fails with an error in the caller's terms.
            log(logging.WARNING, "chunks failed, running in one piece", error=str(error))
            remove_pieces(self._folder, plan)
            return self._in_one_piece("its chunks failed or did not fit together")
        keeps_log = any(isinstance(step, FfmpegStep) and step.keeps_log for step in self._lane.steps)
        lane = replace(
            self._lane,
            steps=(replace(plan.join, keeps_log=keeps_log),),
            intermediates=self._lane.intermediates | plan.file_names,
        )
        return Executed(self._folder.name, lane, self._folder, (result,))

    async def _decide(self, command: Splittable, files: LocalFiles, media: Mapping[str, MediaInfo]) -> Split:
        """Decide where to split, in the first attempt at the job; pieces that are recorded remain valid.

        Raises:
            NotSplit: one process must encode all.
        """
        run = partial(self._find_cuts, command, files, media)
        split = await self._context.runtime.step(f"{self._folder.name}/split", Split, run)
        if split.reason:
            raise NotSplit(split.reason)
        return split

    async def _find_cuts(self, command: Splittable, files: LocalFiles, media: Mapping[str, MediaInfo]) -> Split:
        facts, workers = media.get(command.key), self._context.runtime.piece_workers
        if facts is None:
            return Split(reason="the source cannot be probed")
        slots = self._context.resources.slots.most_for_one_owner
        try:
            count = None if workers is None else workers.count
            wanted = choose_count(self._request.parallel, slots=slots, workers=count)
            if wanted == 1:
                return Split()
            source, context = files[command.key], self._context
            read_index = partial(context.probes.index, source.path)
            document = await context.by_range.read(source.staged, read_index)
        except NotSplit as reason:
            return Split(reason=str(reason))
        except SourceError:
            return Split(reason="the packets of the source cannot be read")
        return decide_split(command, facts, read_packet_index(document), wanted)

    async def _open_workers(self, files: LocalFiles) -> RunPiece:
        workers = self._context.runtime.piece_workers
        if workers is not None:
            return partial(workers.run, folder=self._folder)
        local = LocalPieces(self._context, self._lane, self._folder, files)
        await local.prepare()
        return local.run

    def _in_one_piece(self, reason: str) -> Lane:
        return replace(self._lane, warnings=(*self._lane.warnings, one_piece(reason)))
