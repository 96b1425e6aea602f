"""Runs the pieces of a split encode as jobs of their own, on any worker, and brings their files back."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.errors import EngineFailed, WorkerError
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.pipeline.link_or_copy import copy_file, give_second_name
from ffmpeg_worker.pipeline.progress import FractionReport, Pace
from ffmpeg_worker.pipeline.scratch import remove_tree
from ffmpeg_worker.planning.chunks.piece_job import as_job
from ffmpeg_worker.planning.chunks.plan_chunks import Piece
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_shielded

PIECES_PREFIX = ".ffmpeg-worker/pieces"
"""Where pieces lie in the bucket of their job until they are joined."""
_SCHEMES = {CloudType.R2: "r2", CloudType.GCP: "gs", CloudType.AZURE: "az"}
_AROUND = ("input", "body", "data")
_LOOK_S = 5.0
_MEASUREMENTS: TypeAdapter[tuple[AnyMeasurement, ...]] = TypeAdapter(tuple[AnyMeasurement, ...])

Send = Callable[[str, JobBody, JobRecord], Awaitable[JobRecord]]
"""Queues a piece under an id, for a parent; one that was queued before is returned as it is now."""
Wait = Callable[[str, float, int], Awaitable[JobRecord]]
"""Returns a job when its revision is another one, or after some seconds."""
Cancel = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket that a job's outputs go to, with the credentials that its caller gave.

    `upload` is the parsed field, `written` the same as its caller wrote it.
    """

    upload: Upload
    written: Mapping[str, Any]

    @classmethod
    def of(cls, job: Job, body: JobBody) -> Bucket | None:
        """Return the bucket of a job; `None` if it has none that its caller's credentials can also read."""
        upload, written = job.upload, find_field(body.decode(), "upload")
        if upload is None or upload.location is None or not upload.credentials or not isinstance(written, Mapping):
            return None
        return cls(upload, written)

    def upload_to(self, key: str) -> dict[str, Any]:
        """Return the `upload` of a piece."""
        return {**self.written, "key": key} if self.upload.bucket else {**self.written, "url": self.url_of(key)}

    def url_of(self, key: str) -> str:
        """Return the URL of an object."""
        location = self.upload.location
        if location is None:
            raise ValueError("the upload names no bucket")
        scheme = _SCHEMES.get(self.upload.cloud or CloudType.AWS, "s3")
        return f"{scheme}://{location.bucket}/{key}"


@dataclass(frozen=True, slots=True)
class PieceQueue:
    """The functions of the queue, and the folders, that pieces of jobs use."""

    send: Send
    wait: Wait
    cancel: Cancel
    folders: JobFolders


class JobPieces:
    """The `PieceWorkers` of one job.

    Pieces come back through the folder of jobs, where the workers share it, else through the bucket that the
    outputs of the job go to.
    """

    def __init__(
        self,
        queue: PieceQueue,
        parent: JobRecord,
        body: JobBody,
        runtime: QueueRuntime,
        *,
        count: int,
        bucket: Bucket | None,
    ) -> None:
        """`count` workers help; with `bucket`, pieces go through it."""
        self.count = count
        self._queue = queue
        self._parent = parent
        self._inputs = find_field(body.decode(), "inputs")
        self._runtime = runtime
        self._bucket = bucket

    async def run(self, piece: Piece, report: FractionReport, *, folder: Path) -> StepResult:
        """See `PieceWorkers.run`."""
        piece_id = str(uuid.uuid5(uuid.UUID(self._parent.job_id), f"{self._parent.run} {piece.name}"))
        record = await self._queue.send(piece_id, self._make_body(piece), self._parent)
        try:
            while not record.is_final:
                record = await self._queue.wait(piece_id, _LOOK_S, record.revision)
                _tell(record, report)
        except BaseException:
            # A shutdown leaves the pieces running: the next attempt at the job goes on with them.
            if not self._runtime.is_given_back:
                await finish_shielded(self._queue.cancel(piece_id))
            raise
        if record.status is not JobStatus.SUCCEEDED:
            raise _error_of(record)
        await self._bring(record, piece, folder)
        return _step_result(record.result or {})

    def _make_body(self, piece: Piece) -> JobBody:
        job = as_job(piece, self._inputs)
        job["timeout"] = max(self._runtime.deadline - time.monotonic(), 1.0)
        if self._bucket is not None:
            job["upload"] = self._bucket.upload_to(self._key_of(piece))
        return JobBody(None, json.dumps(job).encode())

    def _key_of(self, piece: Piece) -> str:
        return f"{PIECES_PREFIX}/{self._parent.job_id}/{piece.output}"

    async def _bring(self, record: JobRecord, piece: Piece, folder: Path) -> None:
        """Bring the file of a piece into `folder`, and remove it from where it lies."""
        target = folder / piece.output
        target.unlink(missing_ok=True)
        if self._bucket is None:
            source = self._queue.folders.outputs_of(record.job_id) / piece.output
            if not give_second_name(source, target):
                await asyncio.to_thread(copy_file, source, target)
            await self._queue.folders.remove(record.job_id)
            return
        stores = await self._runtime.resources.stores.stores(self._bucket.upload, self._parent.owner)
        source_url = FileSource(url=self._bucket.url_of(self._key_of(piece)))
        place = self._queue.folders.of(self._parent.job_id) / f"fetched-{record.job_id}"
        place.mkdir(exist_ok=True)
        fetched = await stores.source(source_url).fetch(source_url, place, TransferMeter())
        await asyncio.to_thread(shutil.move, fetched, target)
        await remove_tree(place)
        delivery = stores.target.open_delivery(TransferMeter())
        delivery.adopt(self._key_of(piece))
        await delivery.undo()


def find_field(value: Any, name: str) -> Any:
    """Find a common field in a job as its caller wrote it; `None` if it has none."""
    while isinstance(value, Mapping):
        if value.get(name):
            return value[name]
        value = next((value[key] for key in _AROUND if isinstance(value.get(key), Mapping)), None)
    return None


def _tell(record: JobRecord, report: FractionReport) -> None:
    progress = record.progress or {}
    report(float(progress.get("percent", 0)) / 100, Pace(progress.get("speed"), progress.get("fps")))


def _error_of(record: JobRecord) -> WorkerError:
    if record.error is None or record.status is JobStatus.CANCELLED:
        return EngineFailed("A piece of the encode was cancelled.")
    return error_from_problem(record.error)


def _step_result(result: Mapping[str, Any]) -> StepResult:
    """Return what a step of this worker would have returned, from the result of the piece's job."""
    stats, logs = result.get("stats") or {}, result.get("logs") or [{}]
    return StepResult(
        seconds=stats.get("seconds", 0.0),
        cpu_seconds=stats.get("cpu_seconds", 0.0),
        frames=stats.get("frames"),
        log=logs[-1].get("log", ""),
        stdout=logs[-1].get("stdout"),
        is_log_cut=bool(logs[-1].get("truncated")),
        measurements=_MEASUREMENTS.validate_python(result.get("measurements") or ()),
    )
