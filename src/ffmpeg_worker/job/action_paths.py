"""The HTTP route of every action, for programs that need no more of an action than that."""

from __future__ import annotations

from collections.abc import Mapping

ACTION_PATHS: Mapping[str, str] = {
    "process": "/ffmpeg/process",
    "multi_process": "/ffmpeg/multi_process",
    "probe": "/ffmpeg/probe",
    "vmaf": "/ffmpeg/vmaf",
    "canvas": "/canvas/process",
    "canvas_preview": "/canvas/preview",
    "download": "/storage/download",
    "upload": "/storage/upload",
}
"""Routes below `/api`, by the name of the action."""
