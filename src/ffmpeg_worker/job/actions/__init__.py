"""All actions, one descriptor each.

A new action needs a module here, its place in `ACTIONS`, and a planner.
"""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.canvas import CANVAS
from ffmpeg_worker.job.actions.canvas_preview import CANVAS_PREVIEW
from ffmpeg_worker.job.actions.download import DOWNLOAD
from ffmpeg_worker.job.actions.multi_process import MULTI_PROCESS
from ffmpeg_worker.job.actions.probe import PROBE
from ffmpeg_worker.job.actions.process import PROCESS
from ffmpeg_worker.job.actions.upload import UPLOAD
from ffmpeg_worker.job.actions.vmaf import VMAF

ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (PROCESS, MULTI_PROCESS, PROBE, VMAF, CANVAS, CANVAS_PREVIEW, DOWNLOAD, UPLOAD)
}
"""By name, in the order of the documentation."""

UNSERVED_ACTIONS: Mapping[str, str] = {"encode": "/ffmpeg/encode"}
"""Actions of the contract that this version refuses by name; their paths below `/api`."""
