"""A composition and its files become lanes: what is prepared, drawn, heard, and put together."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from ffmpeg_worker.canvas.resolve import Resolved, frame_range, resolve
from ffmpeg_worker.canvas.timeline import frame_at
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg.invocation import Invocation
from ffmpeg_worker.job.canvas_jobs import CanvasData, PreviewData
from ffmpeg_worker.job.composition.composition import Composition
from ffmpeg_worker.job.composition.frame_rate import exact_rate
from ffmpeg_worker.job.composition.sources import named_files
from ffmpeg_worker.job.files import LocalFiles
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.canvas.encoding import Encoding, choose_encoding
from ffmpeg_worker.planning.canvas.preparing import prepare
from ffmpeg_worker.planning.canvas.ranges import colour_few, cut, encode_range, finish, join
from ffmpeg_worker.planning.canvas.sound import sound_steps
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.option_policy.guard import Guard
from ffmpeg_worker.planning.plan import (
    STAGING_FOLDER,
    Artifact,
    ArtifactKind,
    DependentStep,
    FfmpegStep,
    Finding,
    FrameRange,
    Lane,
    RenderStep,
    Step,
    StillStep,
)


def plan_canvas(
    data: CanvasData, inputs: Mapping[str, object], files: LocalFiles, *, cores: int, guard: Guard | None
) -> Lane:
    """One row of variables after the other.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    films = []
    for row, (composition, name) in enumerate(zip(data.compositions, data.output_names(), strict=True)):
        try:
            resolved = _resolve(composition, inputs, files, data.render_scale, data.fps)
            films.append(_Film(data, resolved, name, row, cores, guard))
        except WorkerError as error:
            raise error.at(row=row) if len(data.compositions) > 1 else error from None
    facts = [film.facts() for film in films]
    return Lane(
        steps=tuple(step for film in films for step in film.steps()),
        artifacts=tuple(artifact for film in films for artifact in film.artifacts()),
        conclude=lambda _findings: facts[0] if len(facts) == 1 else {"rows": facts},
        warnings=tuple(dict.fromkeys(warning for film in films for warning in _warnings(film.resolved))),
    )


def plan_preview(data: PreviewData, inputs: Mapping[str, object], files: LocalFiles, guard: Guard | None) -> Lane:
    """One frame as PNG, for the result itself where no file is wanted.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path.
    """
    composition = data.compositions[data.row]
    scale = 1.0 if data.width is None else min(data.width / composition.width, 1.0)
    resolved = _resolve(composition, inputs, files, scale, None)
    scene = resolved.scene
    number = min(frame_at(data.t, Fraction(*scene.fps)), scene.frames - 1)

    def conclude(findings: Sequence[Finding]) -> dict[str, Any]:
        found: dict[str, Any] = {"t": float(number / Fraction(*scene.fps)), "width": scene.width}
        found |= {"height": scene.height, "duration": float(scene.frames / Fraction(*scene.fps))}
        if data.output is None:
            found["image"] = "data:image/png;base64," + base64.b64encode(findings[-1].stdout).decode()
        return found

    artifacts: tuple[Artifact, ...] = ()
    steps: tuple[Step, ...] = (StillStep(scene, number),)
    if data.output is not None:
        steps = tuple(_picture(StillStep(scene, number), data.output))
        artifacts = (Artifact(data.output, data.output),)
    preparations = tuple(prepare(one, guard) for one in resolved.prepare)
    return Lane((*preparations, *steps), artifacts, conclude=conclude, warnings=_warnings(resolved))


def facts_of(
    composition: Composition, inputs: Mapping[str, object], files: LocalFiles
) -> dict[str, MediaInfo | str]:
    """What is known of each file by the name that the composition gives it."""
    facts: dict[str, MediaInfo | str] = {}
    for named in named_files(composition):
        file = files[input_key(named.src, inputs)]
        fact = file.text if file.text is not None else file.media
        if fact is not None:
            facts[named.src] = fact
    return facts


def _resolve(
    composition: Composition,
    inputs: Mapping[str, object],
    files: LocalFiles,
    render_scale: float,
    fps: float | None,
) -> Resolved:
    def file_of(src: str) -> str:
        return f"{STAGING_FOLDER}/{files[input_key(src, inputs)].staged}"

    facts = facts_of(composition, inputs, files)
    return resolve(composition, facts, file_of=file_of, render_scale=render_scale, fps=fps)


@dataclass(frozen=True, slots=True)
class _Film:
    """The video, or the pictures, of one composition."""

    data: CanvasData
    resolved: Resolved
    name: str
    row: int
    cores: int
    guard: Guard | None

    def steps(self) -> Iterator[Step]:
        """What is prepared; what is drawn beside what is heard; what is put together; the poster."""
        first, last = self._part
        for preparation in self.resolved.prepare:
            yield prepare(preparation, self.guard)
        yield from self._pictures(first, last)
        if self.data.poster is not None:
            frame = min(frame_at(self.data.poster.time, self._rate), self.resolved.scene.frames - 1)
            yield from _picture(StillStep(self.resolved.scene, frame), self._poster_name)

    def artifacts(self) -> Iterator[Artifact]:
        """What must be there at the end."""
        first, last = self._part
        kind = self._encoding(1).kind
        if kind == "sequence":
            yield Artifact(self.name, self.name, ArtifactKind.SEQUENCE)
        else:
            promised = float((last - first) / self._rate) if kind == "video" else None
            yield Artifact(self.name, self.name, promised_s=promised)
        if self.data.poster is not None:
            yield Artifact(self._poster_name, self._poster_name)

    def facts(self) -> dict[str, Any]:
        """What is known of it before it is drawn."""
        (first, last), scene = self._part, self.resolved.scene
        return {
            "width": scene.width,
            "height": scene.height,
            "fps": round(float(self._rate), 3),
            "duration": round(float((last - first) / self._rate), 6),
        }

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
        names = (*self.data.output_names(), self._poster_name)
        return "_" * (1 + max(len(name) - len(name.lstrip("_")) for name in names))

    def _pictures(self, first: int, last: int) -> Iterator[Step]:
        scene, rate = self.resolved.scene, self._rate
        encoding = self._encoding(1)
        if encoding.kind == "picture":
            yield from _picture(StillStep(scene, first), self.name)
            return
        most = self.cores if encoding.can_split and self.data.vfi is None else 1
        ranges = cut(first, last, rate, most)
        encoding = self._encoding(max(self.cores // len(ranges), 1))
        sound = self._sound(encoding, first, last)
        size = (scene.width, scene.height)
        if encoding.kind == "sequence":
            parts = [
                FrameRange(begin, end, encode_range(encoding, size, rate, self._numbered(begin - first)))
                for begin, end in ranges
            ]
            yield RenderStep(scene, tuple(parts), encoding.form)
            return
        names = [f"{self._aside}{self.row}-{number}{encoding.segment}" for number in range(len(ranges))]
        is_whole = len(ranges) == 1 and sound is None and encoding.kind == "video"
        if is_whole:
            names = [self.name]
        parts = [
            FrameRange(*edges, encode_range(encoding, size, rate, (*finish(name), f"file:{name}")))
            for edges, name in zip(ranges, names, strict=True)
        ]
        folders = () if "/" not in self.name else (str(PurePosixPath(self.name).parent),)
        yield RenderStep(scene, tuple(parts), encoding.form, beside=sound or (), folders=folders)
        told = [(name, Fraction(end - begin) / rate) for name, (begin, end) in zip(names, ranges, strict=True)]
        if encoding.kind == "gif":
            yield from colour_few(told, self.name, f"{self._aside}{self.row}", loops=True)
        elif not is_whole:
            yield join(
                told, self._sound_name(encoding) if sound else None, self.name, f"{self._aside}{self.row}.ffconcat"
            )

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
        if data.vfi is None or encoding.kind != "video":
            return encoding
        smooth = f"minterpolate=fps={exact_rate(data.vfi)}:mi_mode=mci:mc_mode=aobmc:vsbmc=1"
        return _with_filter(encoding, smooth)

    def _sound(self, encoding: Encoding, first: int, last: int) -> tuple[FfmpegStep | DependentStep, ...] | None:
        """The whole timeline's sound, of which only the part of these frames is written."""
        if not encoding.sound:
            return None
        part = ("-ss", _seconds(first / self._rate), "-t", _seconds((last - first) / self._rate))
        whole = (first, last) == (0, self.resolved.scene.frames)
        options = () if self.guard is None else self.guard.media_options()
        codec = encoding.sound if whole else (*part, *encoding.sound)
        steps = sound_steps(self.resolved.sound, self._sound_name(encoding), codec, options)
        return (
            None
            if steps is None
            else tuple(step for step in steps if isinstance(step, FfmpegStep | DependentStep))
        )

    def _sound_name(self, encoding: Encoding) -> str:
        suffix = {".webm": ".webm", ".mov": ".mov"}.get(encoding.segment, ".m4a")
        return f"{self._aside}{self.row}-sound{suffix}"

    def _numbered(self, before: int) -> tuple[str, ...]:
        return ("-start_number", str(before + 1), "-f", "image2", f"file:{self.name}")

    @property
    def _rate(self) -> Fraction:
        return Fraction(*self.resolved.scene.fps)


def _picture(still: StillStep, name: str) -> Iterator[Step]:
    """One frame as a file; what is no PNG is made of one."""
    if name.lower().endswith(".png"):
        yield replace(still, work_name=name)
        return
    yield replace(still, work_name=f"_{still.frame}.png")
    arguments = ("-i", f"file:_{still.frame}.png", "-frames:v", "1", "-q:v", "2", "-update", "1", f"file:{name}")
    yield FfmpegStep(Invocation(arguments))


def _with_filter(encoding: Encoding, more: str) -> Encoding:
    return replace(encoding, filters=(*encoding.filters, more))


def _seconds(exact: Fraction) -> str:
    """For ffmpeg, which counts in microseconds."""
    return f"{float(exact):.6f}"


def _warnings(resolved: Resolved) -> tuple[str, ...]:
    return tuple(f"{remark.where}: {remark.message}" for remark in resolved.remarks)
