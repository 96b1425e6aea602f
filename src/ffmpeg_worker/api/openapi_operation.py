"""The parts of the OpenAPI document for the operator of the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.api.openapi_parts import content, problems

HEALTH_EXAMPLE: Mapping[str, Any] = {
    "status": "ok",
    "version": "1.0.0",
    "uptime_seconds": 86400.0,
    "ffmpeg": {"version": "n9.0.2", "source": "embedded"},
    "probe": "ffprobe",
    "capabilities": {
        "encoders": 229,
        "decoders": 557,
        "filters": 562,
        "muxers": 185,
        "demuxers": 371,
        "hwaccels": ["cuda", "vaapi"],
        "main_encoders": ["libx264", "libx265", "aac"],
    },
    "sandbox": {"level": "full", "landlock_abi": 7},
    "ranged_inputs": {"available": True, "reason": None},
    "gpu": {
        "count": 1,
        "name": "NVIDIA L4",
        "encoders": ["av1_nvenc", "h264_nvenc", "hevc_nvenc"],
        "decoders": ["av1", "h264", "hevc"],
        "reason": None,
    },
    "canvas": {"available": True, "missing": []},
    "queue": {
        "state": "on",
        "database": "postgresql",
        "jobs": {
            "queued": 12,
            "running": 8,
            "cancelling": 0,
            "succeeded": 310,
            "failed": 4,
            "cancelled": 1,
        },
        "oldest_waiting_seconds": 41.5,
        "running_here": 4,
        "workers": 2,
        "slots": 8,
    },
    "active_jobs": 2,
    "max_concurrency": 8,
}

_STATUS: Mapping[str, Any] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "example": "ok"}},
}


def describe_health_route() -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document `/health`."""
    return {
        "operation_id": "health",
        "summary": "State of the worker",
        "description": "200 while the worker accepts jobs. Details need an API key where keys are configured.",
        "tags": ["operation"],
        "responses": {
            200: content("The worker accepts jobs.", "application/json", "Health", HEALTH_EXAMPLE),
            503: content("The worker accepts no jobs.", "application/json", "Health", {"status": "closing"}),
        },
    }


def describe_ping_route() -> dict[str, Any]:
    """Return the same for `/ping`."""
    return {
        "operation_id": "ping",
        "summary": "Whether the worker takes jobs, for load balancers",
        "description": "As RunPod's load balancer asks: 200 when ready, 204 while the worker starts. No API key.",
        "tags": ["operation"],
        "responses": {
            200: {"description": "The worker accepts jobs.", "content": {"application/json": {"schema": _STATUS}}},
            204: {"description": "The worker starts."},
            503: {
                "description": "The worker accepts no jobs.",
                "content": {"application/json": {"schema": _STATUS}},
            },
        },
        "openapi_extra": {"security": []},
    }


def describe_metrics_route() -> dict[str, Any]:
    """Return the same for `/metrics`."""
    return {
        "operation_id": "metrics",
        "summary": "Metrics for Prometheus",
        "description": "Jobs by action and outcome, durations of jobs, requests, and the process itself.",
        "tags": ["operation"],
        "responses": {200: {"description": "Metrics in the text format of Prometheus."}, **problems([401])},
    }
