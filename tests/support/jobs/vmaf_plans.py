"""Plans of VMAF comparisons for made-up media facts, and made-up results of their steps."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Lane, StepFiles
from ffmpeg_worker.planning.vmaf.frame_offset import FRAME_BYTES
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf
from support.media.thumbnails import scene, signatures


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


def moving(offset: int = 0, frames: int = 150) -> StepFiles:
    """The result of the first step if the distorted video starts `offset` frames later."""
    shown = scene(frames + 50, seed=7)
    upper = signatures(shown[max(-offset, 0) :][:frames])
    lower = signatures(shown[max(offset, 0) :][:frames])
    both = (part[at : at + FRAME_BYTES] for at in range(0, len(upper), FRAME_BYTES) for part in (upper, lower))
    return {"signatures.raw": b"".join(both)}


def still() -> StepFiles:
    return {"signatures.raw": bytes(2 * FRAME_BYTES) * 150}


def scored(frames: int = 250, xpsnr: bytes = b"") -> StepFiles:
    log = {"version": "3", "frames": [{"frameNum": n, "metrics": {"vmaf": 90.0}} for n in range(frames)]}
    return {"vmaf.json": json.dumps(log).encode(), "xpsnr.txt": xpsnr}


def summarize(lane: Lane, *written: StepFiles) -> dict[str, Any]:
    """What the lane adds to the result when its steps have written these files."""
    return lane.summary.build((), {name: content for files in written for name, content in files.items()})


def built(lane: Lane, files: StepFiles) -> list[FfmpegStep]:
    steps = [step.build((), files) if isinstance(step, DependentStep) else step for step in lane.steps]
    return [step for step in steps if isinstance(step, FfmpegStep)]
