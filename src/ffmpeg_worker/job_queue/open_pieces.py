"""Finds the workers that run the pieces of a split encode."""

from __future__ import annotations

from functools import partial

from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.membership import count_workers
from ffmpeg_worker.job_queue.piece_jobs import Bucket, JobPieces, PieceQueue
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime


async def open_pieces(
    database: Database, pieces: PieceQueue, parent: JobRecord, body: JobBody, job: Job, runtime: QueueRuntime
) -> JobPieces | None:
    """Return what runs the pieces of a job on several workers; `None` where there is one."""
    if parent.parent_id is not None or body.files:  # which other workers may not find
        return None
    count, sharing = await database.run(partial(count_workers, place=pieces.folders.place))
    bucket = Bucket.of(job, body) if sharing < count else None
    helping = sharing if bucket is None else count
    if helping < 2:
        return None
    return JobPieces(pieces, parent, body, runtime, count=helping, bucket=bucket)
