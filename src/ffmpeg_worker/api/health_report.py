"""The health report: its schema, and its contents for a running worker."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import asdict
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field

from ffmpeg_worker.api.queue_report import QueueReport
from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.pipeline.renderer_process import find_missing_packages
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings

_SOFTWARE_ENCODERS = [name for name, encoder in ENCODERS.items() if encoder.hardware is None]


class FfmpegBuild(BaseModel):
    """The FFmpeg that runs the jobs."""

    version: str = Field(description="Version that FFmpeg reports.", examples=["n9.0.2"])
    source: Literal["embedded", "system", "custom"] = Field(
        description="Where it comes from: the Python package, PATH, or the path in FFMPEG_PATH.",
        examples=["embedded"],
    )


class CapabilitySummary(BaseModel):
    """Capabilities of FFmpeg: how many of each kind, and the most used encoders."""

    encoders: int = Field(description="Number of encoders.", examples=[229])
    decoders: int = Field(description="Number of decoders.", examples=[557])
    filters: int = Field(description="Number of filters.", examples=[562])
    muxers: int = Field(description="Number of output formats.", examples=[185])
    demuxers: int = Field(description="Number of input formats.", examples=[371])
    hwaccels: list[str] = Field(
        description="Hardware acceleration methods in this build.", examples=[["cuda", "vaapi"]]
    )
    main_encoders: list[str] = Field(
        description="The most used encoders that work here. GPU encoders are added once they have been tested.",
        examples=[["libx264", "libx265", "aac"]],
    )


class SandboxSummary(BaseModel):
    """Confinement of jobs."""

    level: Literal["full", "chroot", "degraded", "off"] = Field(
        description="`full`, or `chroot` without Landlock: tested at start. "
        "`degraded` and `off` are the operator's choice.",
        examples=["full"],
    )
    landlock_abi: int = Field(description="ABI version of Landlock; 0 if the kernel has none.", examples=[7])


class RangedInputsSummary(BaseModel):
    """Whether inputs from URLs are read by range, where their server allows it."""

    available: bool = Field(
        description="Whether a confined FFmpeg read a file while its bytes arrived, in a test.", examples=[True]
    )
    reason: str | None = Field(
        None,
        description="Why inputs are downloaded whole.",
        examples=["FFMPEG_WORKER_RANGED_INPUTS is off"],
    )


class GpuSummary(BaseModel):
    """The NVIDIA GPUs, and what works on them."""

    count: int = Field(description="Number of GPUs.", examples=[1])
    name: str | None = Field(None, description="Name of the first GPU.", examples=["NVIDIA L4"])
    encoders: list[str] = Field(description="Encoders that encoded a test frame.", examples=[["h264_nvenc"]])
    decoders: list[str] = Field(
        description="Codecs that were decoded, scaled and encoded on the GPU in a test.",
        examples=[["h264", "hevc"]],
    )
    reason: str | None = Field(
        None,
        description="Why there is no encoder.",
        examples=["The NVIDIA A100-SXM4-80GB has no encoder (NVENC)."],
    )


class CanvasSummary(BaseModel):
    """Availability of the renderer of compositions."""

    available: bool = Field(description="Whether all packages of the renderer are installed.", examples=[True])
    missing: list[str] = Field(description="Packages that are missing.", examples=[["uharfbuzz"]])


class QueueSummary(BaseModel):
    """The queue of jobs; numbers are over all processes that share its database, and some seconds old."""

    state: Literal["on", "unused", "unavailable", "off"] = Field(
        description="`unused`: no job was queued yet. `unavailable`: its database does not answer. `off`: this "
        "worker has no queue.",
        examples=["on"],
    )
    database: Literal["sqlite", "postgresql"] | None = Field(
        None, description="Kind of its database.", examples=["postgresql"]
    )
    jobs: dict[str, int] | None = Field(
        None,
        description="Stored jobs by state, pieces of jobs included.",
        examples=[{"queued": 12, "running": 8, "cancelling": 0, "succeeded": 310, "failed": 4, "cancelled": 1}],
    )
    oldest_waiting_seconds: float | None = Field(
        None, description="Seconds that the oldest waiting job has waited.", examples=[41.5]
    )
    running_here: int | None = Field(None, description="Queued jobs that this process runs.", examples=[4])
    workers: int | None = Field(None, description="Processes that run queued jobs.", examples=[2])
    slots: int | None = Field(None, description="Queued jobs that they run at once, together.", examples=[8])


class Health(BaseModel):
    """Health of the worker. If API keys are configured, a request without one gets only `status`."""

    status: Literal["ok", "closing"] = Field(
        description="`ok`: the worker takes jobs. `closing`, with status 503: it is shutting down.",
        examples=["ok"],
    )
    version: str | None = Field(None, description="Version of the worker.", examples=["1.0.0"])
    uptime_seconds: float | None = Field(None, description="Seconds since the start.", examples=[86400.0])
    ffmpeg: FfmpegBuild | None = Field(
        None,
        description="The FFmpeg that runs the jobs.",
        examples=[{"version": "n9.0.2", "source": "embedded"}],
    )
    probe: Literal["ffprobe", "pyav"] | None = Field(
        None, description="What runs `probe` jobs.", examples=["ffprobe"]
    )
    capabilities: CapabilitySummary | None = Field(
        None,
        description="Capabilities of FFmpeg.",
        examples=[
            {
                "encoders": 234,
                "decoders": 542,
                "filters": 480,
                "muxers": 180,
                "demuxers": 361,
                "hwaccels": ["cuda"],
                "main_encoders": ["libx264"],
            }
        ],
    )
    sandbox: SandboxSummary | None = Field(
        None, description="Confinement of jobs.", examples=[{"level": "full", "landlock_abi": 7}]
    )
    ranged_inputs: RangedInputsSummary | None = Field(
        None,
        description="Whether inputs are read by range. The first health request starts a test; the field is "
        "missing until it has ended.",
        examples=[{"available": True}],
    )
    gpu: GpuSummary | None = Field(
        None,
        description="The NVIDIA GPUs. The first health request starts a test of them; the field is missing until "
        "it has ended.",
        examples=[{"count": 1, "name": "NVIDIA L4", "encoders": ["h264_nvenc"], "decoders": ["h264"]}],
    )
    canvas: CanvasSummary | None = Field(
        None,
        description="Availability of the renderer of compositions.",
        examples=[{"available": True, "missing": []}],
    )
    queue: QueueSummary | None = Field(
        None, description="The queue of jobs.", examples=[{"state": "on", "database": "sqlite"}]
    )
    active_jobs: int | None = Field(None, description="Jobs that run or wait.", examples=[2])
    max_concurrency: int | None = Field(None, description="Limit of concurrent FFmpeg processes.", examples=[8])


def describe_worker(services: Services, queue: QueueReport, *, uptime_s: float) -> dict[str, Any]:
    """Return the fields of `Health` beside `status`; the first call starts the test of the GPUs."""
    capabilities = services.tools.capabilities
    trial = services.resources.gpu
    trial.begin()
    reads = services.resources.reads
    reads.begin()
    return {
        "version": services.settings.version,
        "uptime_seconds": round(uptime_s, 1),
        "ffmpeg": {"version": capabilities.version, "source": _ffmpeg_source(services.settings)},
        "probe": services.prober.program,
        "capabilities": {
            **{kind: len(names) for kind, names in capabilities.names.items()},
            "hwaccels": sorted(capabilities.hwaccels),
            "main_encoders": _main_encoders(capabilities.encoders, trial.known),
        },
        "sandbox": {
            "level": services.tools.sandbox.level.value,
            "landlock_abi": services.tools.sandbox.landlock_abi,
        },
        **({} if reads.known is None else {"ranged_inputs": _describe_reads(reads.known[0])}),
        **({} if trial.known is None else {"gpu": _describe_gpu(trial.known)}),
        "canvas": _describe_canvas(),
        "queue": queue.describe(),
        "active_jobs": services.active_jobs,
        "max_concurrency": services.settings.max_concurrency,
    }


def _main_encoders(listed: Container[str], gpu: Gpu | None) -> list[str]:
    """Return software encoders of the build, and GPU encoders that passed the test."""
    software = [name for name in _SOFTWARE_ENCODERS if name in listed]
    return software if gpu is None else [*software, *sorted(gpu.encoders)]


@cache
def _describe_canvas() -> dict[str, Any]:
    missing = find_missing_packages()
    return {"available": not missing, "missing": list(missing)}


def _describe_reads(problem: str | None) -> dict[str, Any]:
    return {"available": problem is None, **({} if problem is None else {"reason": problem})}


def _describe_gpu(gpu: Gpu) -> dict[str, Any]:
    facts = {**asdict(gpu), "encoders": sorted(gpu.encoders), "decoders": sorted(gpu.decoders)}
    return {key: value for key, value in facts.items() if value is not None}


def _ffmpeg_source(settings: Settings) -> str:
    if not settings.ffmpeg_path:
        return "embedded"
    return "system" if settings.ffmpeg_path == "system" else "custom"
