"""Reads a job once: its commands are parsed and judged, and the files it needs are found."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.planners.table import PLANNERS


def read_job(job: Job, machine: Machine) -> ReadJob[Any]:
    """Read a job; everything after this uses the value and reads no command again.

    Raises:
        ForbiddenOption: a command contains what it may not.
        InvalidJob: a name no file can have, an unknown placeholder; with `where`.
    """
    return PLANNERS[job.action].read(job, machine)
