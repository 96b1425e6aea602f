"""The plan of a job as a value: lanes that may run side by side, each a list of steps and what they make.

Plans of large jobs are made in another process, so everything in a plan can be pickled: functions in it are
functions of modules, or methods of frozen values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.chunks.splittable import SplitRequest
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.smart_cut.read_cut import CutRequest
from ffmpeg_worker.planning.stream_copy.copy_request import CopyRequest
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
class TextFile:
    """A small file that is written before a step starts."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class InputLink:
    """A second name for a staged input, made before a step starts."""

    name: str
    staged: str


@dataclass(frozen=True, slots=True)
class BundledFonts:
    """A folder into which the bundled fonts are copied before a step starts; those with colors if `in_color`."""

    folder: str
    in_color: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is made before a step starts."""

    name: str


PlacedFile = TextFile | InputLink | BundledFonts | Folder


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
class StepResult:
    """Facts about a finished step, small enough to be stored as JSON; what it wrote lies in its working directory.

    Attributes:
        seconds, cpu_seconds: wall time and CPU time.
        frames, out_time_s: frames and seconds of media that it wrote, where they count.
        log: the log in plain lines, where the step keeps it.
        stdout: what filters printed to standard output, likewise; `None` if none do.
        is_log_cut: whether lines of either were left out.
        measurements: what its filters measured.
        problems: errors that ffmpeg logged although it went on.
        damage: the first of them that an input or its decoder logged.
        outputs: what ffmpeg's log says about its outputs, in order.
        warnings: remarks for the caller.
        copied_frames: how many of `frames` are packets of a source that were copied.
        encoded_frames: how many were encoded instead, where it may be none.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    frames: int | None = None
    out_time_s: float | None = None
    log: str = ""
    stdout: str | None = None
    is_log_cut: bool = False
    measurements: tuple[AnyMeasurement, ...] = ()
    problems: tuple[str, ...] = ()
    damage: str | None = None
    outputs: tuple[WrittenOutput, ...] = ()
    warnings: tuple[str, ...] = ()
    copied_frames: int | None = None
    encoded_frames: int | None = None


StepFiles = Mapping[str, bytes]
"""Content of files that earlier steps of a lane wrote, by name."""


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


def _add_nothing(_results: Sequence[StepResult], _files: StepFiles) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Summary:
    """Builds what an action adds to its result from the results of a lane, and from the files it `reads`.

    `parses`: the time that `build` takes grows with the files, and its result is small.
    """

    build: Callable[[Sequence[StepResult], StepFiles], dict[str, Any]] = _add_nothing
    reads: tuple[str, ...] = ()
    parses: bool = False


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Groups of steps that run side by side: rows of a batch.

    Attributes:
        groups: numbers of the steps of each group, which run in order.
        after: which steps of earlier groups a step waits for, besides those before it in its own.
        at_once: how many groups run at a time.
    """

    groups: tuple[tuple[int, ...], ...]
    after: Mapping[int, frozenset[int]]
    at_once: int


@dataclass(frozen=True, slots=True)
class Lane:
    """Steps in order, in one working directory, stopped by the first failure.

    Attributes:
        steps: what to run.
        side_by_side: which of them run side by side; `None`: each runs after the one before it.
        artifacts: files that must be there at the end.
        chain: the caller's commands that `steps` run, from which lengths follow; `None` for planned commands.
        intermediates: names that steps write and that are no outputs.
        passing_files: patterns of names of files that later commands read; the caller does not miss them.
        delivers_all: whether files that no name stands for are delivered, too, as the caller has not chosen.
        referenced_files: names in options that may be files of the data root; those that exist are copied.
        font_folders: folders of the data root with fonts, which are copied.
        key_info_files: files that name the file of an HLS key.
        summary: builds what the action adds to its result.
        warnings: what the caller should know.
        display_names: the caller's name of each staged file.
        failure: why the lane cannot run at all.
        runs_on_gpu: whether the commands were mapped onto NVENC; `cpu_fallback` is the lane for the CPU, if the
            caller allows it.
        split: how the caller wants the encode to be split into chunks, if at all.
        cut: how frames of a part of a video are copied, where the caller wants that.
        copies: how frames are copied from sources instead of being rendered, where that may be possible.
    """

    steps: tuple[Step, ...]
    artifacts: tuple[Artifact, ...] = ()
    chain: Chain | None = None
    intermediates: frozenset[str] = frozenset()
    passing_files: frozenset[str] = frozenset()
    delivers_all: bool = False
    referenced_files: frozenset[str] = frozenset()
    font_folders: frozenset[str] = frozenset()
    key_info_files: frozenset[str] = frozenset()
    summary: Summary = Summary()
    warnings: tuple[str, ...] = ()
    display_names: Mapping[str, str] = field(default_factory=dict)
    failure: WorkerError | None = None
    runs_on_gpu: bool = False
    cpu_fallback: Lane | None = None
    split: SplitRequest | None = None
    copies: CopyRequest | None = None
    cut: CutRequest | None = None
    side_by_side: SideBySide | None = None


@dataclass(frozen=True, slots=True)
class Fusion:
    """Lanes (by index) whose only commands read the same input in the same way: one run makes all outputs."""

    members: tuple[int, ...]
    step: FfmpegStep


@dataclass(frozen=True, slots=True)
class Plan:
    """All lanes of a job.

    `fusions` let lanes share their decoding; when a fused run fails, its lanes run on their own instead.
    """

    lanes: tuple[Lane, ...]
    fusions: tuple[Fusion, ...] = ()
