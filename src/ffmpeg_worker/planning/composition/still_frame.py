"""One frame of a scene as a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.plan import FfmpegStep, Step, StillStep


def picture(still: StillStep, name: str) -> Iterator[Step]:
    """One frame as a file; what is no PNG is made of one."""
    if name.lower().endswith(".png"):
        yield replace(still, work_name=name)
        return
    yield replace(still, work_name=f"_{still.frame}.png")
    arguments = ("-i", f"file:_{still.frame}.png", "-frames:v", "1", "-q:v", "2", "-update", "1", f"file:{name}")
    yield FfmpegStep(Invocation(arguments), is_auxiliary=True)
