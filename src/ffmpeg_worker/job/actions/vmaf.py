"""Action `vmaf`: measure the quality of one video against another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field

from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID, STATS
from ffmpeg_worker.job.file_names import OutputName
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import OutputFile
from ffmpeg_worker.job.sources import InputName


class VmafData(JobData):
    """Quality of one video against another."""

    input1: InputName = Field(
        description="The reference: name of an input, path or URL.", examples=["clips/intro.mp4"]
    )
    input2: InputName = Field(description="The distorted video, which is scored.", examples=["small.mp4"])
    output: OutputName | None = Field(
        None,
        description="Name of a file for the scores of every frame, in libvmaf's JSON.",
        examples=["vmaf.json"],
    )
    model: str = Field(
        "auto",
        pattern=r"^[A-Za-z0-9_.]{1,64}$",
        description="`auto` (by size), or a model built into libvmaf: `vmaf_v0.6.1`, `vmaf_v0.6.1neg`, "
        "`vmaf_4k_v0.6.1`, …",
        examples=["auto"],
    )
    features: tuple[Literal["psnr", "ssim", "ms_ssim", "cambi", "ciede", "xpsnr"], ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=6,
        description="More metrics, measured in the same pass.",
        examples=[["psnr", "ssim"]],
    )
    scale: str | None = Field(
        None,
        pattern=r"^\d{2,5}x\d{2,5}$",
        description="Size at which the videos are compared, `WIDTHxHEIGHT`. Default: the reference's own.",
        examples=["1920x1080"],
    )
    subsample: int = Field(1, ge=1, le=100, description="Score every n-th frame only.", examples=[1])
    threads: int | None = Field(
        None, ge=1, le=256, description="Threads of libvmaf. Default: the number of cores.", examples=[2]
    )
    align: Literal["auto", "report", "off"] = Field(
        "auto",
        description="Whether it is examined that both videos show the same frames and the same pictures: `auto` "
        "reports what differs, and scores again what was paired wrongly; `report` only reports; `off` does not "
        "look.",
        examples=["auto"],
    )


class VmafJob(Job):
    """A job with action `vmaf`."""

    action: Literal["vmaf"]
    data: VmafData


class VmafResult(FilesResult):
    """Result of `vmaf`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    score: float = Field(description="Mean VMAF over all scored frames, 0 to 100.", examples=[93.4])
    scores: Mapping[str, float] | None = Field(
        None,
        description="Both scores, if the videos were scored again: `as_sent`, frame by frame as they are, and "
        "`matched`, where both show the same.",
        examples=[{"as_sent": 39.3, "matched": 78.0}],
    )
    pooled: Mapping[str, float] = Field(
        description="mean, harmonic_mean, min, max, p1, p5, p50.", examples=[{"mean": 93.4, "min": 81.2}]
    )
    frames: int = Field(description="Number of scored frames.", examples=[300])
    worst: tuple[Mapping[str, Any], ...] = Field(
        description="Frames with the lowest scores, with their time in seconds.",
        examples=[[{"frame": 12, "time": 0.4, "score": 81.2}]],
    )
    alignment: Mapping[str, Any] = Field(
        description="How the videos were matched in time, frame rate and picture; see docs/vmaf.md.",
        examples=[{"status": "ok"}],
    )
    output: str | None = Field(
        None, description="Name of the file with the scores of every frame.", examples=["vmaf.json"]
    )
    outputs: tuple[OutputFile, ...] = Field(
        (), description="The file with the scores of every frame, where `output` names one.", examples=[[]]
    )
    warnings: tuple[str, ...] = Field((), description="What was changed to compare the videos.", examples=[[]])
    warns_of_weak_sandbox = True


VMAF = Action(
    name="vmaf",
    path=ACTION_PATHS["vmaf"],
    job=VmafJob,
    result=VmafResult,
    summary="Measure the quality of one video against another",
    request={"input1": "clips/intro.mp4", "input2": "small.mp4", "features": ["psnr"]},
    response={
        "job_id": JOB_ID,
        "score": 93.4,
        "pooled": {
            "mean": 93.4,
            "harmonic_mean": 93.3,
            "min": 81.2,
            "max": 99.1,
            "p1": 82.0,
            "p5": 85.6,
            "p50": 94.1,
        },
        "frames": 300,
        "worst": [{"frame": 12, "time": 0.4, "score": 81.2}],
        "alignment": {"status": "ok"},
        "outputs": [],
        "stats": STATS,
        "warnings": [],
    },
    result_keys=frozenset({"score"}),
)
