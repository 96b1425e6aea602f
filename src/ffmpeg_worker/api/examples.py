"""Examples of responses that belong to no action, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.actions.examples import JOB_ID

PROBLEM: Mapping[str, Any] = {
    "error": "This FFmpeg has no encoder named 'libx265x'.",
    "code": "encoder_unknown",
    "fault": "caller",
    "retryable": False,
    "where": {"command": 0, "argument": "-c:v", "encoder": "libx265x"},
    "hint": "Did you mean 'libx265'?",
    "stderr": "Unknown encoder 'libx265x'",
    "job_id": JOB_ID,
}

HEALTH: Mapping[str, Any] = {
    "status": "ok",
    "version": "1.0.0",
    "uptime_seconds": 86400.0,
    "ffmpeg": {"version": "7.0.2-static", "source": "embedded"},
    "probe": "ffprobe",
    "capabilities": {
        "encoders": 234,
        "decoders": 542,
        "filters": 480,
        "muxers": 180,
        "demuxers": 361,
        "hwaccels": ["cuda", "vaapi"],
        "main_encoders": ["libx264", "libx265", "aac"],
    },
    "sandbox": {"level": "full", "landlock_abi": 7},
    "gpu": {
        "count": 1,
        "name": "NVIDIA L4",
        "encoders": ["av1_nvenc", "h264_nvenc", "hevc_nvenc"],
        "decoders": ["av1", "h264", "hevc"],
        "reason": None,
    },
    "canvas": {"available": True, "missing": []},
    "active_jobs": 2,
    "max_concurrency": 8,
}
