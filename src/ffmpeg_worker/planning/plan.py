"""The plan of a job as a value: lanes that may run side by side, each a list of steps and what they make.

Plans of large jobs are made in another process, so everything in a plan can be pickled; see `steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.chunks.splittable import SplitRequest
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.smart_cut.read_cut import CutRequest
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import FfmpegStep, Step
from ffmpeg_worker.planning.stream_copy.copy_request import CopyRequest


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
