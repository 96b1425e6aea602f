"""Plans of VMAF comparisons for made-up media facts, and made-up results of their steps."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepFiles
from ffmpeg_worker.planning.steps import ComputeStep, FfmpegStep, OptionalStep
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf
from ffmpeg_worker.planning.vmaf.thumbnails import Floats
from support.media.thumbnails import as_files, moving_scene


def video(
    number: int, size: tuple[int, int] = (1920, 1080), fps: Any = 25, seconds: float = 10.0, **facts: Any
) -> LocalFile:
    rate = Fraction(fps)
    known: dict[str, Any] = {"frames": round(seconds * rate), "pix_fmt": "yuv420p", "duration_s": seconds}
    stream = StreamInfo("video", width=size[0], height=size[1], fps=rate, **{**known, **facts})
    return LocalFile(Path(f"/jobs/{number}"), f"{number}.mp4", 1, MediaInfo("mov,mp4", (stream,), seconds))


def plan(reference: LocalFile | None = None, distorted: LocalFile | None = None, **data: Any) -> Lane:
    fields = VmafData(input1="a", input2="b", **data)
    return plan_vmaf(fields, reference or video(0), distorted or video(1), Machine(4, option_policy=False))


def moving(offset: int = 0, frames: tuple[int, int] = (250, 250)) -> StepFiles:
    """What the first step writes if the distorted video starts `offset` frames later.

    `frames` are the lengths of the reference and of the distorted video.
    """
    shown = moving_scene(320)
    reference, distorted = shown[max(-offset, 0) :][: frames[0]], shown[max(offset, 0) :][: frames[1]]
    return {**as_files(reference, "reference"), **as_files(distorted, "distorted")}


def edited(frames: Floats, reference: Floats | None = None) -> StepFiles:
    """What the first step writes for these distorted frames of a moving scene."""
    shown = moving_scene(150) if reference is None else reference
    return {**as_files(shown, "reference"), **as_files(frames, "distorted")}


def still() -> StepFiles:
    """The same if nothing moves."""
    frames = np.repeat(moving_scene(1), 150, 0)
    return {**as_files(frames, "reference"), **as_files(frames, "distorted")}


def scored(frames: int = 250, xpsnr: bytes = b"") -> StepFiles:
    log = {"version": "3", "frames": [{"frameNum": n, "metrics": {"vmaf": 90.0}} for n in range(frames)]}
    return {"vmaf.json": json.dumps(log).encode(), "xpsnr.txt": xpsnr}


def summarize(lane: Lane, *written: StepFiles) -> dict[str, Any]:
    """What the lane adds to the result when its steps have written these files."""
    files = {name: content for one in written for name, content in one.items()}
    return lane.summary.build((), examined(lane, files))


def examined(lane: Lane, files: StepFiles) -> StepFiles:
    """The files, with those that the lane computes from them."""
    complete = dict(files)
    for step in lane.steps:
        if isinstance(step, ComputeStep):
            answer = step.build((), {name: complete.get(name, b"") for name in step.reads})
            complete[step.result_file] = json.dumps(answer).encode()
    return complete


def built(lane: Lane, files: StepFiles) -> list[FfmpegStep]:
    """The runs of FFmpeg that the lane makes if its first one writes these files."""
    complete = examined(lane, {"vmaf.json": b"", **files})
    steps = [step.build(complete) if isinstance(step, OptionalStep) else step for step in lane.steps]
    return [step for step in steps if isinstance(step, FfmpegStep)]
