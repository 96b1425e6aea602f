"""The planner of each action, by the action's name."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.planning.planner import Planner
from ffmpeg_worker.planning.planners.canvas import CanvasPlanner, PreviewPlanner
from ffmpeg_worker.planning.planners.multi_process import MultiProcessPlanner
from ffmpeg_worker.planning.planners.probe import ProbePlanner
from ffmpeg_worker.planning.planners.process import ProcessPlanner
from ffmpeg_worker.planning.planners.transfer import DownloadPlanner, UploadPlanner
from ffmpeg_worker.planning.planners.vmaf import VmafPlanner

PLANNERS: dict[str, Planner[Any]] = {
    "process": ProcessPlanner(),
    "multi_process": MultiProcessPlanner(),
    "probe": ProbePlanner(),
    "vmaf": VmafPlanner(),
    "canvas": CanvasPlanner(),
    "canvas_preview": PreviewPlanner(),
    "download": DownloadPlanner(),
    "upload": UploadPlanner(),
}
"""One entry per descriptor in `job/actions`; a test compares the two."""
