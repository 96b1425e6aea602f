"""Plans the video, GIF, or image files of one composition."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath

from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.composition.encoding import (
    Encoding,
    check_frame_size,
    choose_encoding,
    with_interpolated_frames,
)
from ffmpeg_worker.planning.composition.frame_ranges import (
    container_options,
    encode_range,
    join_ranges,
    number_elements,
    place_svg_fonts,
    plan_still_frame,
    range_key,
    reduce_palette,
    split_at_unshared_elements,
    split_frames,
)
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.planning.composition.prepare_media import plan_preparation
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Folder, FrameRange, RenderStep, Step
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.scene import Element
from ffmpeg_worker.scene.timeline import frame_at

_CORES_OF_A_RANGE = 2
"""Cores per range.

An encoder with two threads and the renderer that feeds it use two cores. With only two cores, one range is faster
than two with one core each, of which the longer one would finish alone.
"""

_PIXELS_AT_ONCE = 4 * 1920 * 1080
"""Pixels of all frames encoded in parallel: x264 buffers about twenty frames, 250 MB at 1080p."""


@dataclass(slots=True)
class RenderedParts:
    """Files of ranges and audio that earlier rows produce, by everything that they depend on.

    `elements` has the numbers that stand for the elements of all rows.
    """

    ranges: dict[Hashable, str] = field(default_factory=dict)
    elements: dict[Element, int] = field(default_factory=dict)
    sounds: dict[Hashable, str] = field(default_factory=dict)


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

    def steps(self, rendered: RenderedParts, shared: Collection[Element]) -> Iterator[Step]:
        """Yield the steps: preparations; the renderer in parallel with the audio; joining; the poster.

        `rendered` has the files of earlier rows and receives those of this one; `shared` are the elements that all
        rows have in common.

        Raises:
            InvalidJob: the frames are too small for the encoder.
        """
        data, scene = self.data, self.resolved.scene
        check_frame_size(data.chosen_codec, scene.width, scene.height, is_interpolated=data.vfi is not None)
        yield from self.preparations()
        match self.encoding(1).kind:
            case "image":
                yield from plan_still_frame(scene, self.part[0], self.work_name)
            case "sequence":
                yield self._plan_sequence()
            case _:
                yield from self._plan_joined_video(rendered, shared)
        yield from self.poster()

    def preparations(self) -> Iterator[Step]:
        """Yield the steps for files that the renderer reads."""
        for preparation in self.resolved.preparations:
            yield plan_preparation(preparation, self.machine)

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
        scene = self.resolved.scene
        of_memory = _PIXELS_AT_ONCE // (scene.width * scene.height)
        return max(1, min(self.machine.cores // _CORES_OF_A_RANGE, of_memory))

    def _plan_sequence(self) -> RenderStep:
        """Plan one image file per frame."""
        first, last = self.part
        encoding = self.encoding(1)
        parts = tuple(
            self.frame_range(
                begin, end, encoding, self.work_name, "-start_number", str(begin - first + 1), "-f", "image2"
            )
            for begin, end in split_frames(first, last, self.rate, self.at_once)
        )
        return self.render_step(parts, encoding)

    def _plan_joined_video(self, rendered: RenderedParts, shared: Collection[Element]) -> Iterator[Step]:
        """Plan ranges in parallel with the audio, and the step that joins them."""
        ranges = self._split_into_ranges(shared)
        encoding = self.encoding(max(self.machine.cores // min(len(ranges), self.at_once), 1))
        sound, beside = self.plan_audio(encoding, rendered)
        if len(ranges) == 1 and sound is None and encoding.kind == "video" and len(self.data.compositions) == 1:
            part = self.frame_range(*ranges[0], encoding, self.work_name, *container_options(self.name))
            yield self.render_step((part,), encoding)
            return
        files, parts = [], []
        scene = self.resolved.scene
        numbers = number_elements(scene.elements, rendered.elements)
        for number, (begin, end) in enumerate(ranges):
            name = f"{self.scratch_stem}-{number}{encoding.segment}"
            known = rendered.ranges.setdefault(range_key(scene, begin, end, numbers), name)
            files.append((known, (end - begin) / self.rate))
            if known == name:
                parts.append(self.frame_range(begin, end, encoding, name))
        if parts or beside:
            yield self.render_step(tuple(parts), encoding, beside)
        if encoding.kind == "gif":
            yield from reduce_palette(files, self.work_name, self.scratch_stem)
        else:
            yield join_ranges(files, sound, self.work_name, self.scratch_stem)

    def _split_into_ranges(self, shared: Collection[Element]) -> list[tuple[int, int]]:
        """Return ranges, each of which one renderer draws."""
        first, last = self.part
        if not self.encoding(1).can_split or self.data.vfi is not None:
            return [(first, last)]
        ranges: list[tuple[int, int]] = []
        for begin, end in split_at_unshared_elements(self.resolved.scene, first, last, shared):
            max_count = max(1, round(self.at_once * (end - begin) / (last - first)))
            ranges += split_frames(begin, end, self.rate, max_count)
        return ranges

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
        return FrameRange(begin, end, encode_range(encoding, size, self.rate, (*options, f"file:{file}")))

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

    def plan_audio(
        self, encoding: Encoding, rendered: RenderedParts
    ) -> tuple[str | None, tuple[FfmpegStep | DependentStep, ...]]:
        """Return the audio file of these frames and the steps that produce it, none if an earlier row does.

        The file is `None` if nothing is audible.
        """
        if not encoding.sound:
            return None, ()
        key = (self.resolved.audio, *self.part)
        if key in rendered.sounds:
            return rendered.sounds[key], ()
        begin_s = self.part[0] / self.rate
        # FFmpeg counts in microseconds.
        cut = ("-ss", f"{float(begin_s):.6f}", "-t", f"{float(self.length_s):.6f}")
        is_whole = self.part == (0, self.resolved.scene.frames)
        codec = encoding.sound if is_whole else (*cut, *encoding.sound)
        name = f"{self.scratch_stem}-sound{'.m4a' if encoding.segment == '.mp4' else encoding.segment}"
        steps = plan_audio(self.resolved.audio, name, codec, media_input_options(self.machine))
        if not steps:
            return None, ()
        rendered.sounds[key] = name
        return name, steps
