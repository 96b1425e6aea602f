"""Opens outputs of queued jobs that wait in the folder of their job."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass
from functools import partial
from typing import IO

import sqlalchemy as sa

from ffmpeg_worker.errors import JobNotFinal, JobOutputError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import FINAL, JobStatus
from ffmpeg_worker.job_queue.job_store import job_not_found
from ffmpeg_worker.job_queue.tables import jobs
from ffmpeg_worker.sandbox.beneath import open_beneath


@dataclass(frozen=True, slots=True)
class _Outputs:
    status: JobStatus
    place: str | None
    is_removed: bool


async def open_output(
    database: Database, folders: JobFolders, job_id: str, owner: str | None, name: str, *, patience_s: float
) -> IO[bytes]:
    """Open an output of a job that has ended; it stays readable when retention removes it meanwhile.

    `owner` is that of the job, `None` for any.

    Raises:
        JobNotFound: there is no such job.
        JobNotFinal: it has not ended.
        JobOutputError: it has no such output, not any more, or on another machine.
        QueueUnavailable: the database does not answer within `patience_s`.
    """
    find = partial(_find_outputs, job_id=job_id, owner=owner)
    outputs = await database.run(find, patience_s=patience_s)
    _check_place(outputs, folders.place)
    if outputs.place is not None and all(part and part[0] != "." for part in name.split("/")):
        file = await asyncio.to_thread(_open, folders, job_id, name)
        if file is not None:
            return file
    raise JobOutputError(
        f'The job has no output "{display_name(name)}" here.',
        hint="Fetch the outputs of the job's result that have a url.",
    )


def _check_place(outputs: _Outputs, place: str) -> None:
    if outputs.status not in FINAL:
        raise JobNotFinal(
            f"The job is {outputs.status.value}; its outputs can be fetched when it has ended.",
            hint="Wait for its end.",
        )
    if outputs.is_removed:
        raise JobOutputError(
            "The outputs of this job were removed after the retention time.",
            code="output_removed",
            hint='Run the job again. To keep outputs, give "upload".',
        )
    if outputs.place not in {None, place}:
        raise JobOutputError(
            "The output is on the disk of another machine.",
            code="output_elsewhere",
            hint='Give "upload", set a default bucket, or let all machines share the folder "jobs" of '
            "FFMPEG_WORKER_STATE_ROOT.",
        )


def _find_outputs(connection: sa.Connection, job_id: str, owner: str | None) -> _Outputs:
    query = sa.select(jobs.c.status, jobs.c.outputs_place, jobs.c.outputs_removed).where(jobs.c.job_id == job_id)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise job_not_found()
    return _Outputs(JobStatus(row.status), row.outputs_place, row.outputs_removed)


def _open(folders: JobFolders, job_id: str, name: str) -> IO[bytes] | None:
    """Open a regular file beneath the job's outputs, through no symbolic link."""
    try:
        with open_beneath(folders.outputs_of(job_id), name) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return os.fdopen(os.dup(descriptor), "rb", buffering=0)
    except (OSError, ValueError):  # no such file, or a name that no file can have
        return None
