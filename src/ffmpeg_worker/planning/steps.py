"""The steps of a lane: runs of FFmpeg and of the renderer, probes, copies and computations.

Steps can be pickled, as plans of large jobs are made in another process: functions in them are functions of
modules, or methods of frozen values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.planning.placed_files import PlacedFile
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.stream_copy.join_order import JoinOrder
from ffmpeg_worker.scene.scene import Scene
from ffmpeg_worker.scene.scene_json import EncodedScene


@dataclass(frozen=True, slots=True)
class FailureContext:
    """The error that callers get when a step of a composition fails; `field` is the JSON path of its cause."""

    field: str
    message: str
    code: str
    hint: str


@dataclass(frozen=True, slots=True)
class FfmpegStep:
    """Run FFmpeg once.

    Attributes:
        invocation: its arguments.
        command: number of the caller's command that it runs, from 0.
        expected_s: length of its output in seconds, for progress, where the plan knows it.
        setup: files and folders that are made before it starts, in this order.
        stdout_file: file of the working directory that receives standard output; `None` discards it.
        keeps_log: whether the log belongs to the result, as for commands that measure.
        recording: what is read from the log and from standard output, and how much of them is kept.
        environment: variables added to its environment.
        failure_context: the error that replaces FFmpeg's own.
        is_auxiliary: it prepares or joins frames of other steps, so its frames are not counted again.
    """

    invocation: Invocation
    command: int = 0
    expected_s: float | None = None
    setup: tuple[PlacedFile, ...] = ()
    stdout_file: str | None = None
    keeps_log: bool = False
    recording: Recording = field(default_factory=Recording)
    environment: Mapping[str, str] = field(default_factory=dict)
    failure_context: FailureContext | None = None
    is_auxiliary: bool = False


@dataclass(frozen=True, slots=True)
class StreamedFile:
    """A file of a scene that the renderer reads from a pipe while the ffmpeg of `step` writes it."""

    name: str
    step: FfmpegStep


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames `first` to `last` (exclusive) of a scene, and the ffmpeg that encodes them from its input."""

    first: int
    last: int
    encode: Invocation
    streams: tuple[StreamedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderStep:
    """Render a scene: one renderer and one ffmpeg for each range, in parallel with the steps `beside` them.

    At most `max_parallel` ranges are rendered at a time. `pixel_format` is that of the frames ffmpeg receives:
    `yuv420p`, or `rgba` with straight alpha.
    """

    scene: Scene | EncodedScene
    ranges: tuple[FrameRange, ...]
    pixel_format: Literal["yuv420p", "rgba"] = "yuv420p"
    beside: tuple[FfmpegStep | DependentStep, ...] = ()
    setup: tuple[PlacedFile, ...] = ()
    max_parallel: int = 1


@dataclass(frozen=True, slots=True)
class JoinStep:
    """Join packets of several files to one video, which the ffmpeg of `write` stores with its sound.

    `rate` is the number of frames per second (numerator, denominator), `expected_s` the length.
    """

    order: JoinOrder
    rate: tuple[int, int]
    write: Invocation
    expected_s: float
    setup: tuple[PlacedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class StillStep:
    """Render one frame of a scene into a PNG file."""

    scene: Scene | EncodedScene
    frame: int
    work_name: str
    setup: tuple[PlacedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureStep:
    """Measure the texts of a scene; the renderer's answer goes into `result_file`, as JSON."""

    scene: Scene | EncodedScene
    result_file: str


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """Read media information of a staged file into `result_file`, as ffprobe's JSON.

    `display_name` stands for the file in it; `options` are further options of ffprobe.
    """

    staged: str
    display_name: str
    options: tuple[str, ...] = ()
    result_file: str = "probe.json"


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Copy a staged file into the working directory, under the name of an artifact."""

    staged: str
    work_name: str


@dataclass(frozen=True, slots=True)
class DependentStep:
    """A step that depends on the results of earlier steps of its lane, and on the files it `reads`."""

    build: Callable[[Sequence[StepResult], StepFiles], FfmpegStep]
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionalStep:
    """A step that is left out if the files that it `reads` show that it is not needed: `build` returns `None`."""

    build: Callable[[StepFiles], FfmpegStep | None]
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComputeStep:
    """Call a pure function on files that earlier steps wrote; its answer goes into `result_file`, as JSON.

    It runs in a process of its own, since it may take long.
    """

    build: Callable[[Sequence[StepResult], StepFiles], dict[str, Any]]
    reads: tuple[str, ...]
    result_file: str


RunnableStep = FfmpegStep | RenderStep | JoinStep | StillStep | MeasureStep | ProbeStep | CopyStep | ComputeStep
Step = RunnableStep | DependentStep | OptionalStep
