"""Plans a job that was read and whose inputs were fetched."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.planners.table import PLANNERS


def check_machine(read: ReadJob[Any], machine: Machine) -> None:
    """Refuse a job that needs hardware which the machine lacks.

    Raises:
        UnsupportedFeature: with the code `hardware_unavailable`.
    """
    PLANNERS[read.job.action].check_machine(read, machine)


def make_plan(read: ReadJob[Any], files: LocalFiles, machine: Machine) -> Plan:
    """Plan a job; `files` have media facts where `read.needs_media`.

    Raises:
        InvalidJob, UnsupportedFeature, WorkerError: see `Planner.plan`.
    """
    return PLANNERS[read.job.action].plan(read, files, machine)
