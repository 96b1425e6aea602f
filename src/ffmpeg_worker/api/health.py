"""`GET /health` and `GET /metrics`: how the worker is."""

from __future__ import annotations

import time
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import AppState, app_state_of
from ffmpeg_worker.api.json_response import answer
from ffmpeg_worker.api.metrics import CONTENT_TYPE
from ffmpeg_worker.api.problems import unavailable
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.pipeline.renderer_process import find_missing_packages
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings


class FfmpegBuild(BaseModel):
    """The FFmpeg that runs the jobs."""

    version: str = Field(description="As FFmpeg names itself.", examples=["7.0.2-static"])
    source: Literal["embedded", "system", "custom"] = Field(
        description="Where it comes from: the package, PATH, or the path in FFMPEG_PATH.", examples=["embedded"]
    )


class CapabilitySummary(BaseModel):
    """What FFmpeg can do, in numbers and in the names that most jobs need."""

    encoders: int = Field(description="Encoders listed.", examples=[234])
    decoders: int = Field(description="Decoders listed.", examples=[542])
    filters: int = Field(description="Filters listed.", examples=[480])
    muxers: int = Field(description="Output formats.", examples=[180])
    demuxers: int = Field(description="Input formats.", examples=[361])
    hwaccels: list[str] = Field(
        description="Hardware decoding that the build knows.", examples=[["cuda", "vaapi"]]
    )
    main_encoders: list[str] = Field(
        description="The most used encoders that work here; those of a GPU join once they have been tried.",
        examples=[["libx264", "libx265", "aac"]],
    )


class SandboxSummary(BaseModel):
    """How jobs are confined."""

    level: Literal["full", "chroot", "degraded", "off"] = Field(
        description="`full` and, without Landlock, `chroot`: proven at the start. "
        "Anything else is the operator's choice.",
        examples=["full"],
    )
    landlock_abi: int = Field(description="Version of Landlock; 0: the kernel has none for us.", examples=[7])


class GpuSummary(BaseModel):
    """The NVIDIA cards, and what they did when they were tried."""

    count: int = Field(description="Cards whose devices are there.", examples=[1])
    name: str | None = Field(None, description="The first one.", examples=["NVIDIA L4"])
    encoders: list[str] = Field(description="Encoders that encoded a picture.", examples=[["h264_nvenc"]])
    decoders: list[str] = Field(
        description="Codecs whose pictures were decoded, scaled and encoded without leaving the card.",
        examples=[["h264", "hevc"]],
    )
    reason: str | None = Field(
        None,
        description="Why there is no encoder.",
        examples=["The NVIDIA A100-SXM4-80GB has no encoder (NVENC)."],
    )


class CanvasSummary(BaseModel):
    """Whether compositions can be drawn."""

    available: bool = Field(description="All packages that draw are installed.", examples=[True])
    missing: list[str] = Field(description="Those that are not.", examples=[["uharfbuzz"]])


class Health(BaseModel):
    """How the worker is. Without an API key, where keys are configured, only `status`."""

    status: Literal["ok", "starting", "closing"] = Field(
        description="`ok`: jobs are taken. `starting` and `closing` come with status 503.", examples=["ok"]
    )
    version: str | None = Field(None, description="Version of the worker.", examples=["1.0.0"])
    uptime_seconds: float | None = Field(None, description="Seconds since the start.", examples=[86400.0])
    ffmpeg: FfmpegBuild | None = Field(
        None,
        description="The FFmpeg that runs the jobs.",
        examples=[{"version": "7.0.2-static", "source": "embedded"}],
    )
    probe: Literal["ffprobe", "pyav"] | None = Field(
        None, description="What answers `probe` jobs.", examples=["ffprobe"]
    )
    capabilities: CapabilitySummary | None = Field(
        None, description="What FFmpeg can do.", examples=[{"encoders": 234, "main_encoders": ["libx264"]}]
    )
    sandbox: SandboxSummary | None = Field(
        None, description="How jobs are confined.", examples=[{"level": "full", "landlock_abi": 7}]
    )
    gpu: GpuSummary | None = Field(
        None,
        description="The NVIDIA cards. Where there is one, not there until it has been tried, which the first "
        "look begins.",
        examples=[{"count": 1, "name": "NVIDIA L4", "encoders": ["h264_nvenc"], "decoders": ["h264"]}],
    )
    canvas: CanvasSummary | None = Field(
        None, description="Whether compositions can be drawn.", examples=[{"available": True, "missing": []}]
    )
    active_jobs: int | None = Field(None, description="Jobs that run or wait.", examples=[2])
    max_concurrency: int | None = Field(None, description="FFmpeg processes at once.", examples=[8])


async def health(request: Request) -> Response:
    """How the worker is; 200 as soon as jobs can be taken."""
    door = app_state_of(request)
    services = door.services
    status = "starting" if services is None else "closing" if services.admission.is_closing else "ok"
    report: dict[str, Any] = {"status": status}
    if services is not None and door.keys.admit(request.scope):
        report |= _details(door, services)
    return answer(report) if status == "ok" else unavailable(report)


def _details(door: AppState, services: Services) -> dict[str, Any]:
    known = services.tools.capabilities
    services.resources.gpu.begin()
    return {
        "version": services.settings.version,
        "uptime_seconds": round(time.monotonic() - door.began, 1),
        "ffmpeg": {"version": known.version, "source": _source(services.settings)},
        "probe": services.prober.program,
        "capabilities": {
            **{kind: len(names) for kind, names in known.names.items()},
            "hwaccels": sorted(known.hwaccels),
            "main_encoders": door.encoders.usable(services.tools),
        },
        "sandbox": {
            "level": services.tools.sandbox.level.value,
            "landlock_abi": services.tools.sandbox.landlock_abi,
        },
        **_gpu(services.resources.gpu.known),
        "canvas": _canvas(),
        "active_jobs": services.admission.active_jobs,
        "max_concurrency": services.settings.max_concurrency,
    }


@cache
def _canvas() -> dict[str, Any]:
    missing = find_missing_packages()
    return {"available": not missing, "missing": list(missing)}


def _gpu(gpu: Gpu | None) -> dict[str, Any]:
    if gpu is None:
        return {}
    facts = {
        "count": gpu.count,
        "name": gpu.name,
        "encoders": sorted(gpu.encoders),
        "decoders": sorted(gpu.decoders),
        "reason": gpu.reason,
    }
    return {"gpu": {key: value for key, value in facts.items() if value is not None}}


def _source(settings: Settings) -> str:
    if not settings.ffmpeg_path:
        return "embedded"
    return "system" if settings.ffmpeg_path == "system" else "custom"


async def metrics(request: Request) -> Response:
    """The worker's numbers, for Prometheus."""
    return Response(app_state_of(request).metrics.text(), media_type=CONTENT_TYPE)
