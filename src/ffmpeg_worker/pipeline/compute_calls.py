"""Functions that `Compute` calls in child processes.

Their results are small: the worker gets what it passes on as text, and never the objects of a large composition.
"""

from __future__ import annotations

import json
import pickle
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.job.job import JobData
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.plan import Lane, Plan, Summary
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_body
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import MeasureStep, RenderStep, Step, StillStep
from ffmpeg_worker.sandbox.beneath import read_beneath
from ffmpeg_worker.scene.scene_json import EncodedScene, encode_scene

EXIT_MEMORY = 9
"""Exit code of a child process that needs more memory than it may have."""
MAX_STEP_FILE_BYTES = 256 << 20
"""Longest part of a step's file that is read."""

Build = Callable[[Sequence[StepResult], StepFiles], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PackedBuild:
    """The `build` of a summary, pickled; only another process unpacks it."""

    packed: bytes

    def __call__(self, results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        """Unpack it, and call it."""
        build: Build = pickle.loads(self.packed)  # noqa: S301 - packed by this package
        return build(results, files)


def read_in_time(body: JobBody, machine: Machine, default_timeout_s: float, max_timeout_s: float) -> ReadJob[Any]:
    """Read a job; the process is ended when the job's own timeout is over.

    Raises:
        InvalidJob, UnsupportedFeature, ForbiddenOption: see `read_body`.
    """
    read = read_body(body, machine, partial(start_timer, default_timeout_s, max_timeout_s))
    read = replace(read, body_bytes=len(body.content))
    if read.chains:  # commands are a few long texts, and are judged again when the GPU is known
        return read
    packed = pickle.dumps(read, pickle.HIGHEST_PROTOCOL)
    return replace(read, job=read.job.model_copy(update={"data": JobData()}), packed=packed)


def start_timer(default_timeout_s: float, max_timeout_s: float, timeout_s: float | None) -> None:
    """Let the kernel end this process at the timeout of its job."""
    signal.setitimer(signal.ITIMER_REAL, min(timeout_s or default_timeout_s, max_timeout_s))


def make_packed_plan(read: ReadJob[Any], files: LocalFiles, machine: Machine) -> Plan:
    """Plan a job, with its scenes as JSON.

    Raises:
        WorkerError: see `make_plan`.
    """
    if read.packed:
        read = pickle.loads(read.packed)  # noqa: S301 - packed by `read_in_time`
    plan = make_plan(read, files, machine)
    return replace(plan, lanes=tuple(map(_pack_lane, plan.lanes)))


def build_from_files(build: Build, results: Sequence[StepResult], names: Sequence[str]) -> dict[str, Any]:
    """Call `build` of a `Summary` with files of the working directory, which are read here."""
    return build(results, {name: read_beneath(Path(), name, MAX_STEP_FILE_BYTES) for name in names})


def _pack_lane(lane: Lane) -> Lane:
    summary = lane.summary
    if summary.parses:
        packed = PackedBuild(pickle.dumps(summary.build, pickle.HIGHEST_PROTOCOL))
        summary = Summary(packed, summary.reads, parses=True)
    return replace(lane, steps=tuple(map(_pack_step, lane.steps)), summary=summary)


def _pack_step(step: Step) -> Step:
    if isinstance(step, RenderStep | StillStep | MeasureStep):
        return replace(step, scene=EncodedScene(json.dumps(encode_scene(step.scene)).encode()))
    return step
