"""Plans one frame of a scene as an image file."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.plan import FfmpegStep, Step, StillStep
from ffmpeg_worker.scene.scene import Scene


def plan_still_frame(scene: Scene, frame: int, name: str) -> Iterator[Step]:
    """Yield the steps for one frame as a file; formats other than PNG are converted from PNG."""
    if name.lower().endswith(".png"):
        yield StillStep(scene, frame, name)
        return
    yield StillStep(scene, frame, f"_{frame}.png")
    arguments = ("-i", f"file:_{frame}.png", "-frames:v", "1", "-q:v", "2", "-update", "1", f"file:{name}")
    yield FfmpegStep(Invocation(arguments), is_auxiliary=True)
