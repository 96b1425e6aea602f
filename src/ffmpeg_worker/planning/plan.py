"""The plan of a job as a value: lanes that may run side by side, each a list of steps and what they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.scene.scene import Scene


class ArtifactKind(StrEnum):
    """How an output name stands for files."""

    FILE = "file"
    SEQUENCE = "sequence"
    """A pattern such as `%04d.jpg`: many numbered files."""
    PLAYLIST = "playlist"
    """An HLS or DASH manifest: one file with companions."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file (or family of files) that the job must have made.

    `name` is what the caller called it, `work_name` where the command writes it, relative to the working
    directory. `promised_s` is the least length in seconds; `None` promises nothing.
    """

    name: str
    work_name: str
    kind: ArtifactKind = ArtifactKind.FILE
    promised_s: float | None = None
    is_media: bool = True


@dataclass(frozen=True, slots=True)
class FailureContext:
    """What callers hear of a step that fails: `field` of the composition is what it could do nothing with."""

    field: str
    message: str
    code: str
    hint: str


@dataclass(frozen=True, slots=True)
class FfmpegStep:
    """Run ffmpeg once.

    `expected_s` is the length of its output for progress; `collect` names a small file to hand to whoever
    concludes; `folders` are made before it starts.
    """

    invocation: Invocation
    command: int = 0
    expected_s: float | None = None
    folders: tuple[str, ...] = ()
    capture_stdout: bool = False
    collect: str | None = None
    show_log: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    """Small files that are written before it starts, by name."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Second names of inputs that are made before it starts: staged files by name."""
    own_fonts: str | None = None
    """A folder in which the fonts that come with the worker are to be."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to its environment."""
    failure_context: FailureContext | None = None
    is_auxiliary: bool = False
    """It prepares or joins frames of other steps: they are not counted twice."""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames `first` to `last` (not included) of a scene, and the ffmpeg that encodes them from its input."""

    first: int
    last: int
    encode: Invocation


@dataclass(frozen=True, slots=True)
class RenderStep:
    """Draw a scene: each range by a renderer and an ffmpeg of its own, side by side with what is `beside` it.

    No more than `at_once` ranges are drawn at one time. `form` is how frames come to ffmpeg: `yuv420p`, or `rgba`,
    not multiplied with the opacity.
    """

    scene: Scene
    ranges: tuple[FrameRange, ...]
    form: Literal["yuv420p", "rgba"] = "yuv420p"
    beside: tuple[FfmpegStep | DependentStep, ...] = ()
    folders: tuple[str, ...] = ()
    """Made before it starts."""
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class StillStep:
    """Draw one frame of a scene as PNG: into a file, or for whoever concludes."""

    scene: Scene
    frame: int
    work_name: str | None = None


@dataclass(frozen=True, slots=True)
class MeasureStep:
    """Measure the texts of a scene, for whoever concludes."""

    scene: Scene


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """Read what a staged file holds; `shown` is what the caller calls it, `options` are more for ffprobe."""

    staged: str
    shown: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Bring a staged file into the working directory as it is, under the name of an artifact."""

    staged: str
    work_name: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a finished step found out: its log in plain lines, captured output, collected file, document."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    frames: int | None = None
    out_time_s: float | None = None
    log: str = ""
    stdout: bytes = b""
    collected: bytes = b""
    document: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DependentStep:
    """A step that can only be built from what earlier steps of its lane found."""

    build: Callable[[Sequence[StepResult]], FfmpegStep]


Step = FfmpegStep | RenderStep | StillStep | MeasureStep | ProbeStep | CopyStep | DependentStep


def _nothing(_findings: Sequence[StepResult]) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Lane:
    """Steps in order, in one working directory, stopped by the first failure.

    `summarize` turns the results into what the action adds to its result; `intermediates` are names written by
    earlier steps that are no outputs; `mentions` are names that options may refer to: copied in if they exist;
    `key_infos` are files that name the file of an HLS key;
    `callers_names` says what the caller calls each staged file; `failure` is why a lane cannot be run at all.
    `runs_on_gpu`: the commands were mapped onto a card; `instead` is then the lane for the CPU, if that may do.
    """

    steps: tuple[Step, ...]
    artifacts: tuple[Artifact, ...] = ()
    intermediates: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    key_infos: frozenset[str] = frozenset()
    summarize: Callable[[Sequence[StepResult]], dict[str, Any]] = _nothing
    warnings: tuple[str, ...] = ()
    callers_names: Mapping[str, str] = field(default_factory=dict)
    failure: WorkerError | None = None
    runs_on_gpu: bool = False
    instead: Lane | None = None


@dataclass(frozen=True, slots=True)
class Fusion:
    """Lanes (by index) whose only commands read the same input in the same way: one run makes all outputs."""

    members: tuple[int, ...]
    step: FfmpegStep


@dataclass(frozen=True, slots=True)
class Plan:
    """All lanes of a job; more than one means that each is reported on its own.

    `fusions` share lanes' decoding; when one of them fails, its lanes are run on their own instead.
    """

    lanes: tuple[Lane, ...]
    fusions: tuple[Fusion, ...] = ()


def duplicate_output(name: str) -> InvalidJob:
    """The error of two outputs with one name."""
    return InvalidJob(
        f'Two outputs have the name "{name[:128]}".',
        code="duplicate_output",
        hint="Give each output a name of its own.",
        where={"output": name[:128]},
    )
