"""What makes the video, or the pictures, of one composition."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.planning.composition.encoding import (
    Encoding,
    check_frame_size,
    choose_encoding,
    with_interpolated_frames,
)
from ffmpeg_worker.planning.composition.frame_ranges import cut, encode_range, finish, join, reduce_palette
from ffmpeg_worker.planning.composition.plan_audio import sound_steps
from ffmpeg_worker.planning.composition.prepare_media import prepare
from ffmpeg_worker.planning.composition.shared_ranges import shown, stretches
from ffmpeg_worker.planning.composition.still_frame import picture
from ffmpeg_worker.planning.composition.variable_rows import describe_video
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import (
    Artifact,
    ArtifactKind,
    DependentStep,
    FfmpegStep,
    FrameRange,
    RenderStep,
    Step,
    StillStep,
)
from ffmpeg_worker.scene.resolve import Resolved, frame_range
from ffmpeg_worker.scene.scene import Element
from ffmpeg_worker.scene.timeline import frame_at

_CORES_OF_A_RANGE = 2
"""An encoder of two threads fills two cores together with the renderer that feeds it; and where only that many are
left, one range is done sooner than two of one core each, of which the longer one ends alone."""

_PIXELS_AT_ONCE = 4 * 1920 * 1080
"""In all frames that are encoded side by side: x264 holds some twenty of each, 250 MB at 1080p."""


@dataclass(slots=True)
class RenderedParts:
    """Files of ranges and sounds that are made already, by all that they depend on."""

    ranges: dict[Hashable, str] = field(default_factory=dict)
    sounds: dict[Hashable, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Film:
    """The video, or the pictures, of one composition."""

    data: CanvasData
    resolved: Resolved
    name: str
    row: int
    cores: int
    limits: CommandLimits | None

    def steps(self, made: RenderedParts, common: Collection[Element]) -> Iterator[Step]:
        """What is prepared; what is drawn beside what is heard; what is put together; the poster.

        `made` is what films before this one make, `common` the elements that all of them have.

        Raises:
            InvalidJob: the frames are too small for what is made of them.
        """
        scene = self.resolved.scene
        check_frame_size(self.data.chosen_codec, scene.width, scene.height, makes_up=self.data.vfi is not None)
        for preparation in self.resolved.preparations:
            yield prepare(preparation, self.limits)
        match self._encoding(1).kind:
            case "picture":
                yield from picture(StillStep(self.resolved.scene, self._part[0]), self._work_name)
            case "sequence":
                yield self._sequence()
            case _:
                yield from self._joined(made, common)
        if self.data.poster is not None:
            frame = min(frame_at(self.data.poster.time, self._rate), self.resolved.scene.frames - 1)
            yield from picture(StillStep(self.resolved.scene, frame), work_name(self._poster_name))

    def artifacts(self) -> Iterator[Artifact]:
        """What must be there at the end."""
        first, last = self._part
        kind = self._encoding(1).kind
        if kind == "sequence":
            yield Artifact(self.name, self._work_name, ArtifactKind.SEQUENCE)
        else:
            promised = float((last - first) / self._rate) if kind == "video" else None
            yield Artifact(self.name, self._work_name, promised_s=promised)
        if self.data.poster is not None:
            yield Artifact(self._poster_name, work_name(self._poster_name))

    def facts(self) -> dict[str, Any]:
        """What is known of it before it is drawn."""
        return describe_video(self.resolved.scene, self._part)

    @property
    def _file(self) -> str:
        return f"file:{self._work_name}"

    @property
    def _work_name(self) -> str:
        return work_name(self.name)

    @property
    def _folders(self) -> tuple[str, ...]:
        return () if "/" not in self._work_name else (str(PurePosixPath(self._work_name).parent),)

    @property
    def _part(self) -> tuple[int, int]:
        return frame_range(self.resolved.scene, self.data.startTime, self.data.endTime)

    @property
    def _poster_name(self) -> str:
        name = self.data.poster.name if self.data.poster else ""
        path = PurePosixPath(name)
        return name if len(self.data.compositions) == 1 else str(path.with_stem(f"{path.stem}-{self.row + 1}"))

    @property
    def _aside(self) -> str:
        """What names of files begin with that are no output's."""
        posters = (self._poster_name,) if self.data.poster is not None else ()
        names = (*self.data.output_names(), *posters)
        return "_" * (1 + max(len(name) - len(name.lstrip("_")) for name in names))

    def _sequence(self) -> RenderStep:
        """One file for each frame."""
        first, last = self._part
        encoding = self._encoding(1)
        parts = tuple(
            self._range(
                begin, end, encoding, ("-start_number", str(begin - first + 1), "-f", "image2", self._file)
            )
            for begin, end in cut(first, last, self._rate, self._at_once)
        )
        return self._drawn(parts, encoding)

    def _joined(self, made: RenderedParts, common: Collection[Element]) -> Iterator[Step]:
        """Ranges drawn side by side, and the sound beside them; then all of it in one file."""
        pieces = self._pieces(common)
        encoding = self._encoding(max(self.cores // min(len(pieces), self._at_once), 1))
        sound = self._sound(encoding, made)
        if len(pieces) == 1 and sound is None and encoding.kind == "video" and len(self.data.compositions) == 1:
            part = self._range(*pieces[0], encoding, (*finish(self.name), self._file))
            yield self._drawn((part,), encoding)
            return
        names, parts = [], []
        for number, (begin, end) in enumerate(pieces):
            name = f"{self._aside}{self.row}-{number}{encoding.segment}"
            known = made.ranges.setdefault(shown(self.resolved.scene, begin, end), name)
            names.append(known)
            if known == name:
                parts.append(self._range(begin, end, encoding, (f"file:{name}",)))
        beside = sound[1] if sound else ()
        if parts or beside:
            yield replace(self._drawn(tuple(parts), encoding), beside=beside)
        told = [(name, (end - begin) / self._rate) for name, (begin, end) in zip(names, pieces, strict=True)]
        if encoding.kind == "gif":
            yield from reduce_palette(told, self._work_name, f"{self._aside}{self.row}", loops=True)
        else:
            yield join(told, sound[0] if sound else None, self._work_name, f"{self._aside}{self.row}.ffconcat")

    def _pieces(self, common: Collection[Element]) -> list[tuple[int, int]]:
        """Ranges that are each drawn by one renderer."""
        first, last = self._part
        if not self._encoding(1).can_split or self.data.vfi is not None:
            return [(first, last)]
        whole = stretches(self.resolved.scene, first, last, common)
        most = [max(1, round(self._at_once * (end - begin) / (last - first))) for begin, end in whole]
        return [
            piece
            for (begin, end), count in zip(whole, most, strict=True)
            for piece in cut(begin, end, self._rate, count)
        ]

    def _drawn(self, parts: tuple[FrameRange, ...], encoding: Encoding) -> RenderStep:
        scene, at_once = self.resolved.scene, self._at_once
        return RenderStep(scene, parts, encoding.form, folders=self._folders, at_once=at_once)

    @property
    def _at_once(self) -> int:
        """How many ranges are drawn at one time, each with two cores or more; fewer large ones, to save memory."""
        scene = self.resolved.scene
        return max(1, min(self.cores // _CORES_OF_A_RANGE, _PIXELS_AT_ONCE // (scene.width * scene.height)))

    def _range(self, begin: int, end: int, encoding: Encoding, output: tuple[str, ...]) -> FrameRange:
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

    def _sound(
        self, encoding: Encoding, made: RenderedParts
    ) -> tuple[str, tuple[FfmpegStep | DependentStep, ...]] | None:
        """The file with the sound of these frames, and what makes it unless that is made; `None` for silence."""
        if not encoding.sound:
            return None
        first, last = self._part
        suffix = {".webm": ".webm", ".mov": ".mov"}.get(encoding.segment, ".m4a")
        name = f"{self._aside}{self.row}-sound{suffix}"
        known = made.sounds.setdefault((self.resolved.audio, first, last), name)
        if known != name:
            return known, ()
        part = ("-ss", _seconds(first / self._rate), "-t", _seconds((last - first) / self._rate))
        whole = (first, last) == (0, self.resolved.scene.frames)
        options = () if self.limits is None else self.limits.media_options()
        codec = encoding.sound if whole else (*part, *encoding.sound)
        steps = sound_steps(self.resolved.audio, name, codec, options)
        if steps is None:
            del made.sounds[(self.resolved.audio, first, last)]
            return None
        return name, tuple(step for step in steps if isinstance(step, FfmpegStep | DependentStep))

    @property
    def _rate(self) -> Fraction:
        return Fraction(*self.resolved.scene.fps)


def _seconds(exact: Fraction) -> str:
    """For ffmpeg, which counts in microseconds."""
    return f"{float(exact):.6f}"
