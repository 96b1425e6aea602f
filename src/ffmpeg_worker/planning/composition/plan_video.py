"""Plans the video, GIF, or image files of one composition."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.job.actions.canvas import CanvasData
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
    reduce_palette,
    split_frames,
)
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.planning.composition.prepare_media import plan_preparation
from ffmpeg_worker.planning.composition.shared_ranges import range_key, split_at_unshared_elements
from ffmpeg_worker.planning.composition.still_frame import plan_still_frame
from ffmpeg_worker.planning.composition.variable_rows import describe_video
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Folder, FrameRange, RenderStep, Step
from ffmpeg_worker.scene.resolve import Resolved, frame_range
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
    """Files of ranges and audio that earlier rows produce, by everything that they depend on."""

    ranges: dict[Hashable, str] = field(default_factory=dict)
    sounds: dict[Hashable, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """The plan of one composition.

    Attributes:
        data: the job's data.
        resolved: the composition.
        name: of the output.
        row: number of the row of variables.
        cores: cores that its steps may use.
        limits: enforced on commands from untrusted callers.
    """

    data: CanvasData
    resolved: Resolved
    name: str
    row: int
    cores: int
    limits: CommandLimits | None

    def steps(self, rendered: RenderedParts, shared: Collection[Element]) -> Iterator[Step]:
        """Yield the steps: preparations; the renderer in parallel with the audio; joining; the poster.

        Args:
            rendered: files of earlier rows; receives the files of this one.
            shared: elements that all rows have in common.

        Raises:
            InvalidJob: the frames are too small for the encoder.
        """
        scene = self.resolved.scene
        check_frame_size(
            self.data.chosen_codec, scene.width, scene.height, is_interpolated=self.data.vfi is not None
        )
        for preparation in self.resolved.preparations:
            yield plan_preparation(preparation, self.limits)
        match self._encoding(1).kind:
            case "image":
                yield from plan_still_frame(self.resolved.scene, self._part[0], self._work_name)
            case "sequence":
                yield self._plan_sequence()
            case _:
                yield from self._plan_joined_video(rendered, shared)
        if self.data.poster is not None:
            frame = min(frame_at(self.data.poster.time, self._rate), self.resolved.scene.frames - 1)
            yield from plan_still_frame(self.resolved.scene, frame, work_name(self._poster_name))

    def artifacts(self) -> Iterator[Artifact]:
        """Yield the files that must exist at the end."""
        first, last = self._part
        kind = self._encoding(1).kind
        if kind == "sequence":
            yield Artifact(self.name, self._work_name, ArtifactKind.SEQUENCE)
        else:
            promised = float((last - first) / self._rate) if kind == "video" else None
            yield Artifact(self.name, self._work_name, promised_s=promised)
        if self.data.poster is not None:
            yield Artifact(self._poster_name, work_name(self._poster_name))

    def describe(self) -> dict[str, Any]:
        """Return what the result says about the video; known before it is rendered."""
        return describe_video(self.resolved.scene, self._part)

    @property
    def _file(self) -> str:
        return f"file:{self._work_name}"

    @property
    def _work_name(self) -> str:
        return work_name(self.name)

    @property
    def _folders(self) -> tuple[Folder, ...]:
        return () if "/" not in self._work_name else (Folder(str(PurePosixPath(self._work_name).parent)),)

    @property
    def _part(self) -> tuple[int, int]:
        return frame_range(self.resolved.scene, self.data.startTime, self.data.endTime)

    @property
    def _poster_name(self) -> str:
        name = self.data.poster.name if self.data.poster else ""
        path = PurePosixPath(name)
        return name if len(self.data.compositions) == 1 else str(path.with_stem(f"{path.stem}-{self.row + 1}"))

    @property
    def _scratch_prefix(self) -> str:
        """Prefix of intermediate files, which no output name has."""
        posters = (self._poster_name,) if self.data.poster is not None else ()
        names = (*self.data.output_names(), *posters)
        return "_" * (1 + max(len(name) - len(name.lstrip("_")) for name in names))

    def _plan_sequence(self) -> RenderStep:
        """Plan one image file per frame."""
        first, last = self._part
        encoding = self._encoding(1)
        parts = tuple(
            self._frame_range(
                begin, end, encoding, ("-start_number", str(begin - first + 1), "-f", "image2", self._file)
            )
            for begin, end in split_frames(first, last, self._rate, self._at_once)
        )
        return self._render_step(parts, encoding)

    def _plan_joined_video(self, rendered: RenderedParts, shared: Collection[Element]) -> Iterator[Step]:
        """Plan ranges in parallel with the audio, and the step that joins them."""
        ranges = self._split_into_ranges(shared)
        encoding = self._encoding(max(self.cores // min(len(ranges), self._at_once), 1))
        sound = self._plan_audio(encoding, rendered)
        if len(ranges) == 1 and sound is None and encoding.kind == "video" and len(self.data.compositions) == 1:
            part = self._frame_range(*ranges[0], encoding, (*container_options(self.name), self._file))
            yield self._render_step((part,), encoding)
            return
        names, parts = [], []
        for number, (begin, end) in enumerate(ranges):
            name = f"{self._scratch_prefix}{self.row}-{number}{encoding.segment}"
            known = rendered.ranges.setdefault(range_key(self.resolved.scene, begin, end), name)
            names.append(known)
            if known == name:
                parts.append(self._frame_range(begin, end, encoding, (f"file:{name}",)))
        beside = sound[1] if sound else ()
        if parts or beside:
            yield replace(self._render_step(tuple(parts), encoding), beside=beside)
        parts_with_durations = [
            (name, (end - begin) / self._rate) for name, (begin, end) in zip(names, ranges, strict=True)
        ]
        if encoding.kind == "gif":
            yield from reduce_palette(
                parts_with_durations, self._work_name, f"{self._scratch_prefix}{self.row}", loops=True
            )
        else:
            yield join_ranges(
                parts_with_durations,
                sound[0] if sound else None,
                self._work_name,
                f"{self._scratch_prefix}{self.row}.ffconcat",
            )

    def _split_into_ranges(self, shared: Collection[Element]) -> list[tuple[int, int]]:
        """Return ranges, each of which one renderer draws."""
        first, last = self._part
        if not self._encoding(1).can_split or self.data.vfi is not None:
            return [(first, last)]
        spans = split_at_unshared_elements(self.resolved.scene, first, last, shared)
        max_counts = [max(1, round(self._at_once * (end - begin) / (last - first))) for begin, end in spans]
        return [
            part
            for (begin, end), count in zip(spans, max_counts, strict=True)
            for part in split_frames(begin, end, self._rate, count)
        ]

    def _render_step(self, parts: tuple[FrameRange, ...], encoding: Encoding) -> RenderStep:
        scene, at_once = self.resolved.scene, self._at_once
        return RenderStep(scene, parts, encoding.form, setup=self._folders, max_parallel=at_once)

    @property
    def _at_once(self) -> int:
        """Number of ranges rendered at a time: two cores or more for each, and fewer large ones to save memory."""
        scene = self.resolved.scene
        return max(1, min(self.cores // _CORES_OF_A_RANGE, _PIXELS_AT_ONCE // (scene.width * scene.height)))

    def _frame_range(self, begin: int, end: int, encoding: Encoding, output: tuple[str, ...]) -> FrameRange:
        size = (self.resolved.scene.width, self.resolved.scene.height)
        return FrameRange(begin, end, encode_range(encoding, size, self._rate, output))

    def _encoding(self, threads: int) -> Encoding:
        data = self.data
        encoding = choose_encoding(
            self.name,
            data.chosen_codec,
            quality=data.quality or "medium",
            crf=data.crf,
            preset=data.preset,
            is_transparent=data.transparent,
            threads=threads,
        )
        if data.vfi is None:
            return encoding
        first, last = self._part
        return with_interpolated_frames(encoding, exact_rate(data.vfi), (last - first) / self._rate)

    def _plan_audio(
        self, encoding: Encoding, rendered: RenderedParts
    ) -> tuple[str, tuple[FfmpegStep | DependentStep, ...]] | None:
        """Return the audio file of these frames and the steps that produce it, none if an earlier row does.

        Returns `None` if nothing is audible.
        """
        if not encoding.sound:
            return None
        first, last = self._part
        suffix = {".webm": ".webm", ".mov": ".mov"}.get(encoding.segment, ".m4a")
        name = f"{self._scratch_prefix}{self.row}-sound{suffix}"
        known = rendered.sounds.setdefault((self.resolved.audio, first, last), name)
        if known != name:
            return known, ()
        part = ("-ss", _seconds(first / self._rate), "-t", _seconds((last - first) / self._rate))
        whole = (first, last) == (0, self.resolved.scene.frames)
        options = () if self.limits is None else self.limits.media_options()
        codec = encoding.sound if whole else (*part, *encoding.sound)
        steps = plan_audio(self.resolved.audio, name, codec, options)
        if steps is None:
            del rendered.sounds[(self.resolved.audio, first, last)]
            return None
        return name, tuple(step for step in steps if isinstance(step, FfmpegStep | DependentStep))

    @property
    def _rate(self) -> Fraction:
        return Fraction(*self.resolved.scene.fps)


def _seconds(exact: Fraction) -> str:
    """Format a time for FFmpeg, which counts in microseconds."""
    return f"{float(exact):.6f}"
