"""Parts of the example results of several actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JOB_ID = "0b6f1c5e-6d0e-4b3c-9a53-2f0c9f7a1d42"
STATS: Mapping[str, Any] = {
    "seconds": 3.21,
    "speed": 3.12,
    "frames": 300,
    "cpu_seconds": 5.9,
    "input_bytes": 3071976,
    "source_bytes": 3071976,
    "inputs_by_range": 0,
    "output_bytes": 183422,
}
OUTPUT: Mapping[str, Any] = {
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
