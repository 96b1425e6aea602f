"""Reads a job once: its commands are parsed and judged, and the files it needs are found."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.secrets import find_secrets, make_job_redaction, redact_error
from ffmpeg_worker.loose_values import read_number
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.planners.table import PLANNERS

_AROUND = ("input", "body", "data")
"""Fields of a whole job that hold the rest of it."""


def read_job(job: Job, machine: Machine) -> ReadJob[Any]:
    """Read a job; everything after this uses the value and reads no command again.

    Raises:
        ForbiddenOption: a command contains what it may not.
        InvalidJob: a name no file can have, an unknown placeholder; with `where`.
    """
    secrets, command_secrets = tuple(find_secrets(job)), tuple(job.data.command_secrets())
    try:
        read = PLANNERS[job.action].read(job, machine)
    except WorkerError as error:
        raise redact_error(error, make_job_redaction(secrets, command_secrets)) from None
    return replace(read, secrets=secrets, command_secrets=command_secrets)


def read_body(
    body: JobBody, machine: Machine, on_timeout: Callable[[float | None], object] = lambda _: None
) -> ReadJob[Any]:
    """Read the job in a request body.

    `on_timeout` is called with the job's own timeout in seconds, before anything is expanded.

    Raises:
        InvalidJob, UnsupportedFeature, ForbiddenOption: see `parse_action` and `read_job`.
    """
    value = body.decode()
    on_timeout(_find_timeout(value))
    return read_job(body.parse(value), machine)


def _find_timeout(value: Any) -> float | None:
    """Find the timeout in a job that is not validated yet; `None` if there is none that will be accepted."""
    while isinstance(value, dict):
        found = value.get("timeout")
        number = read_number(found)
        found = found if number is None else number
        if isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found) and found > 0:
            return found
        value = next((value[key] for key in _AROUND if key in value), None)
    return None
