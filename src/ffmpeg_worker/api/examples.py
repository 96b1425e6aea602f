"""Examples of whole requests and answers, shown in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_JOB_ID = "0b6f1c5e-6d0e-4b3c-9a53-2f0c9f7a1d42"
_STATS = {
    "seconds": 3.21,
    "speed": 3.12,
    "frames": 300,
    "cpu_seconds": 5.9,
    "input_bytes": 3071976,
    "output_bytes": 183422,
}
_OUTPUT = {
    "name": "small.mp4",
    "path": "/data/small.mp4",
    "size": 183422,
    "content_type": "video/mp4",
    "media": {
        "format": "mov,mp4,m4a,3gp,3g2,mj2",
        "duration": 10.0,
        "width": 1280,
        "height": 720,
        "fps": 30.0,
        "pix_fmt": "yuv420p",
        "codecs": ["h264", "aac"],
    },
}

REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "process": {
        "chainCmds": [
            "ffmpeg",
            "-i",
            "{{in_1}}",
            "-vf",
            "scale=-2:720",
            "-c:v",
            "libx264",
            "-crf",
            "23",
            "small.mp4",
        ],
        "output": "small.mp4",
        "inputs": {"in_1": "clips/intro.mp4"},
        "timeout": 120,
    },
    "multi_process": {
        "processes": [
            {"chainCmds": "-i clips/intro.mp4 -vf scale=-2:720 720p.mp4", "output": "720p.mp4"},
            {"chainCmds": "-i clips/intro.mp4 -vn -c:a libopus sound.ogg", "output": "sound.ogg"},
        ]
    },
    "probe": {"input": "clips/intro.mp4"},
    "vmaf": {"input1": "clips/intro.mp4", "input2": "small.mp4", "features": ["psnr"]},
    "canvas": {
        "json": {
            "width": 1280,
            "height": 720,
            "layers": [
                {"id": "intro", "type": "video", "src": "clips/intro.mp4"},
                {"type": "text", "text": "Hello", "start": 1, "duration": 3, "y": "80%"},
            ],
        },
        "output": "hello.mp4",
    },
    "canvas_preview": {
        "json": {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello", "duration": 3}]},
        "t": 1.5,
        "width": 640,
    },
    "download": {"input": "https://example.com/intro.mp4", "output": "clips/intro.mp4"},
    "upload": {"input": "small.mp4", "upload": {"bucket": "media-out", "key": "orders/17/", "cloud_type": "AWS"}},
}
"""A body for the route of each action."""

RESULTS: Mapping[str, Mapping[str, Any]] = {
    "process": {"job_id": _JOB_ID, "outputs": [_OUTPUT], "stats": _STATS, "warnings": []},
    "multi_process": {
        "job_id": _JOB_ID,
        "results": [
            {"index": 0, "success": True, "outputs": [_OUTPUT], "stats": _STATS, "warnings": []},
            {
                "index": 1,
                "success": False,
                "outputs": [],
                "warnings": [],
                "error": {
                    "error": 'There is no input "clips/intro.mp4".',
                    "code": "source_not_found",
                    "fault": "source",
                    "retryable": False,
                },
            },
        ],
        "succeeded": 1,
        "failed": 1,
        "outputs": [_OUTPUT],
        "stats": _STATS,
        "warnings": [],
    },
    "probe": {
        "streams": [{"index": 0, "codec_name": "h264", "codec_type": "video", "width": 1280, "height": 720}],
        "chapters": [],
        "format": {
            "filename": "clips/intro.mp4",
            "nb_streams": 1,
            "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
            "duration": "10.000000",
        },
    },
    "canvas": {
        "job_id": _JOB_ID,
        "outputs": [{**_OUTPUT, "name": "hello.mp4", "path": "/data/hello.mp4"}],
        "width": 1280,
        "height": 720,
        "fps": 30.0,
        "duration": 10.0,
        "stats": _STATS,
        "warnings": [],
    },
    "canvas_preview": {
        "job_id": _JOB_ID,
        "image": "data:image/png;base64,iVBORw0KGgo=",
        "t": 1.5,
        "width": 640,
        "height": 360,
        "duration": 3.0,
        "outputs": [],
        "stats": {"seconds": 0.21, "cpu_seconds": 0.19, "input_bytes": 0, "output_bytes": 0},
        "warnings": [],
    },
    "vmaf": {
        "job_id": _JOB_ID,
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
        "stats": _STATS,
        "warnings": [],
    },
    "download": {"job_id": _JOB_ID, "outputs": [_OUTPUT], "stats": _STATS, "warnings": []},
    "upload": {
        "job_id": _JOB_ID,
        "outputs": [
            {
                "name": "small.mp4",
                "path": "orders/17/small.mp4",
                "url": "https://media-out.s3.us-east-1.amazonaws.com/orders/17/small.mp4",
                "size": 183422,
                "content_type": "video/mp4",
            }
        ],
        "stats": _STATS,
        "warnings": [],
    },
}
"""What each action may answer."""

PROBLEM: Mapping[str, Any] = {
    "error": "This FFmpeg has no encoder named 'libx265x'.",
    "code": "encoder_unknown",
    "fault": "caller",
    "retryable": False,
    "where": {"command": 0, "argument": "-c:v", "encoder": "libx265x"},
    "hint": "Did you mean 'libx265'?",
    "stderr": "Unknown encoder 'libx265x'",
    "job_id": _JOB_ID,
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
