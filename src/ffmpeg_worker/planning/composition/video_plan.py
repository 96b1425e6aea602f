"""The plan of one composition: its names, its encoding, and the parts that its steps are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath

from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.composition.encoding import Encoding, choose_encoding, with_interpolated_frames
from ffmpeg_worker.planning.composition.frame_ranges import encode_range, place_svg_fonts, plan_still_frame
from ffmpeg_worker.planning.composition.libass_subtitles import stream_libass_drawing
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.planning.composition.prepare_media import plan_preparation
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep, FrameRange, RenderStep, Step, StreamedFile
from ffmpeg_worker.scene.preparation import LibassDrawing, Preparation
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.timeline import frame_at
from ffmpeg_worker.scene.trim_preparations import find_visible_videos

_CORES_OF_A_RANGE = 2
"""Cores per range.

An encoder with two threads and the renderer that feeds it use two cores. With only two cores, one range is faster
than two with one core each, of which the longer one would finish alone.
"""

MAX_STREAMED = 2
"""Drawings that are made while the renderer reads them; each has a program of its own, in the range's slot."""

_PIXELS_AT_ONCE = 4 * 1920 * 1080
"""Pixels of all frames encoded in parallel: x264 buffers about twenty frames, 250 MB at 1080p."""


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """The plan of one composition.

    Attributes:
        data: the job's data.
        resolved: the composition.
        part: the first of its frames to render, and the one after the last.
        name: of the output.
        row: number of the row of variables.
        scratch_prefix: beginning of the names of intermediate files, which no output name has.
        machine: cores that its steps may use, and whether the inputs are limited.
    """

    data: CanvasData
    resolved: Resolved
    part: tuple[int, int]
    name: str
    row: int
    scratch_prefix: str
    machine: Machine

    def preparations(self) -> Iterator[tuple[Preparation, FfmpegStep]]:
        """Yield the files that the renderer reads, and the steps that make them."""
        for preparation in self.resolved.preparations:
            if preparation not in self._streamed:
                yield preparation, plan_preparation(preparation, self.machine)

    @property
    def prepared(self) -> frozenset[str]:
        """The files that preparations make."""
        return frozenset(preparation.prepared for preparation, _ in self.preparations())

    @property
    def _streamed(self) -> tuple[LibassDrawing, ...]:
        """The drawings that are made while the renderer reads them. Pictures of single frames need a file."""
        drawings = tuple(one for one in self.resolved.preparations if isinstance(one, LibassDrawing))
        has_stills = self._poster_name is not None or self.encoding(1).kind == "image"
        return () if has_stills or len(drawings) > MAX_STREAMED else drawings

    def _find_streams(self, begin: int, end: int) -> Iterator[StreamedFile]:
        """Yield the drawings that a range of frames shows."""
        scene = self.resolved.scene
        videos = find_visible_videos(scene.elements, float(self.rate), begin, end)
        shown = {video.file for video, _, _ in videos}
        for drawing in self._streamed:
            if drawing.prepared in shown:
                yield stream_libass_drawing(drawing, begin, end)

    def poster(self) -> Iterator[Step]:
        """Yield the steps for the poster, if the job asks for one."""
        poster, scene = self.data.poster, self.resolved.scene
        if poster is not None and self._poster_name is not None:
            frame = min(frame_at(poster.time, self.rate), scene.frames - 1)
            yield from plan_still_frame(scene, frame, work_name(self._poster_name))

    def artifacts(self) -> Iterator[Artifact]:
        """Yield the files that must exist at the end."""
        kind = self.encoding(1).kind
        yield Artifact(
            self.name,
            self.work_name,
            ArtifactKind.SEQUENCE if kind == "sequence" else ArtifactKind.FILE,
            promised_s=float(self.length_s) if kind == "video" else None,
        )
        if self._poster_name is not None:
            yield Artifact(self._poster_name, work_name(self._poster_name))

    @property
    def rate(self) -> Fraction:
        """Frames per second."""
        return Fraction(*self.resolved.scene.fps)

    @property
    def length_s(self) -> Fraction:
        """Length of the video in seconds."""
        return (self.part[1] - self.part[0]) / self.rate

    @property
    def work_name(self) -> str:
        """Name of the video in the working directory."""
        return work_name(self.name)

    @property
    def _poster_name(self) -> str | None:
        poster = self.data.poster
        if poster is None or len(self.data.compositions) == 1:
            return None if poster is None else poster.name
        path = PurePosixPath(poster.name)
        return str(path.with_stem(f"{path.stem}-{self.row + 1}"))

    @property
    def scratch_stem(self) -> str:
        """Beginning of the names of this row's intermediate files."""
        return f"{self.scratch_prefix}{self.row}"

    @property
    def at_once(self) -> int:
        """Number of ranges rendered at a time: two cores or more for each, and fewer large ones to save memory."""
        return max(1, min(self.machine.cores // _CORES_OF_A_RANGE, self.of_memory))

    @property
    def of_memory(self) -> int:
        """Number of ranges that memory allows at a time."""
        scene = self.resolved.scene
        return _PIXELS_AT_ONCE // (scene.width * scene.height)

    def render_step(
        self,
        parts: tuple[FrameRange, ...],
        encoding: Encoding,
        beside: tuple[FfmpegStep | DependentStep, ...] = (),
    ) -> RenderStep:
        """Return the step that renders ranges of frames, in parallel with the steps `beside` them."""
        folder = self.work_name.rpartition("/")[0]
        scene = self.resolved.scene
        setup = (*((Folder(folder),) if folder else ()), *place_svg_fonts(scene))
        return RenderStep(scene, parts, encoding.form, beside, setup, max_parallel=self.at_once)

    def frame_range(self, begin: int, end: int, encoding: Encoding, file: str, *options: str) -> FrameRange:
        """Return the frames from `begin` to `end` (exclusive), encoded with more `options` into a file."""
        size = (self.resolved.scene.width, self.resolved.scene.height)
        encode = encode_range(encoding, size, self.rate, (*options, f"file:{file}"))
        return FrameRange(begin, end, encode, tuple(self._find_streams(begin, end)))

    def encoding(self, threads: int) -> Encoding:
        """Return the encoding of the video, by an encoder with this many threads."""
        data = self.data
        encoding = choose_encoding(
            self.name,
            data.chosen_codec,
            quality=data.quality or "medium",
            crf=data.crf,
            preset=data.preset,
            is_transparent=data.keeps_alpha,
            threads=threads,
        )
        if data.vfi is None:
            return encoding
        return with_interpolated_frames(encoding, exact_rate(data.vfi), self.length_s)

    def plan_audio(self, encoding: Encoding) -> tuple[str | None, tuple[FfmpegStep | DependentStep, ...]]:
        """Return the audio file of these frames and the steps that produce it; `None` if nothing is audible."""
        if not encoding.sound:
            return None, ()
        begin_s = self.part[0] / self.rate
        # FFmpeg counts in microseconds.
        cut = ("-ss", f"{float(begin_s):.6f}", "-t", f"{float(self.length_s):.6f}")
        is_whole = self.part == (0, self.resolved.scene.frames)
        codec = encoding.sound if is_whole else (*cut, *encoding.sound)
        name = f"{self.scratch_stem}-sound{'.m4a' if encoding.segment == '.mp4' else encoding.segment}"
        steps = plan_audio(self.resolved.audio, name, codec, media_input_options(self.machine))
        return (name, steps) if steps else (None, ())
