"""Recognizes a job that its platform hands out again although its outputs are already at their target.

A manifest beside the outputs, written last, holds the result. It counts if it has the digest of the request and if
all its objects are still there, unchanged. Nothing here fails a job: without a usable manifest, the job runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from ffmpeg_worker.budgets import RESULT_MANIFEST_BYTES
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.object_location import describe_key_problem
from ffmpeg_worker.job.platform_job import PlatformJob
from ffmpeg_worker.job.result import FilesResult, JobResult
from ffmpeg_worker.job.result_manifest import ResultManifest, StoredObject, make_manifest, manifest_key
from ffmpeg_worker.logs import log, redact_var
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.run_lanes import Delivered, Outcome
from ffmpeg_worker.storage.stores import TargetRecords
from ffmpeg_worker.tasks import run_all

_TIMEOUT_S = 15.0
_MAX_REQUESTS = 16
"""Concurrent requests of one job."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the manifest of a job is."""

    job: PlatformJob
    records: TargetRecords
    key: str


async def find_delivered_result(context: JobContext) -> JobResult | None:
    """Return the result that an earlier delivery of this job has left; `None` if the job must run."""
    place = _find_place(context)
    if place is None:
        return None
    result: JobResult | None = None
    try:
        async with _in_time(context):
            manifest = await _read(place)
            if manifest is not None and await _are_all_there(place.records, manifest.objects):
                result = await _restore(context, place.records, manifest)
    except (WorkerError, TimeoutError) as error:
        log(logging.INFO, "result manifest not read", reason=_describe(error))
    if result is not None:
        log(logging.INFO, "result of an earlier delivery found", platform_job_id=place.job.id)
        context.progress.finish()
    return result


async def record_result(context: JobContext, outcomes: Sequence[Outcome], result: JobResult) -> None:
    """Store the result of a job whose outputs have all arrived, for the case that the job comes again."""
    place = _find_place(context)
    objects = [stored for outcome in outcomes if isinstance(outcome, Delivered) for stored in _objects_of(outcome)]
    if place is None or not objects:
        return
    # Removing secrets takes time in proportion to the result; in pure Python, so that a thread lets others run.
    content = await asyncio.to_thread(_encode, place.job, result, objects, redact_var.get() or str)
    if len(content) > RESULT_MANIFEST_BYTES:
        log(logging.INFO, "result manifest too large", size=len(content))
        return
    try:
        async with _in_time(context):
            await place.records.write(place.key, content)
    except (WorkerError, TimeoutError) as error:
        log(logging.WARNING, "result manifest not written", reason=_describe(error))


def _encode(
    job: PlatformJob, result: JobResult, objects: Sequence[StoredObject], redact: Callable[[str], str]
) -> bytes:
    return make_manifest(job.id, job.digest, result, objects, redact).model_dump_json().encode()


def _find_place(context: JobContext) -> _Place | None:
    """The place of the manifest, if the job comes from a platform and its target can be read."""
    job, records, upload = context.runtime.platform_job, context.stores.target.records, context.upload
    where = upload.location if upload is not None else None
    if job is None or records is None or where is None:
        return None
    if not issubclass(ACTIONS[context.read.job.action].result, FilesResult):
        return None
    key = manifest_key(where.key, job.name)
    return None if describe_key_problem(key) else _Place(job, records, key)


async def _read(place: _Place) -> ResultManifest | None:
    content = await place.records.read(place.key, RESULT_MANIFEST_BYTES)
    if content is None:
        return None
    try:
        manifest = ResultManifest.model_validate_json(content)
    except ValidationError:
        log(logging.WARNING, "result manifest not usable", key=place.key)
        return None
    is_same = (manifest.job_id, manifest.digest) == (place.job.id, place.job.digest)
    if not is_same:
        log(logging.INFO, "result manifest of another request", platform_job_id=place.job.id)
    return manifest if is_same else None


async def _are_all_there(records: TargetRecords, objects: Sequence[StoredObject]) -> bool:
    slots = asyncio.Semaphore(_MAX_REQUESTS)

    async def is_there(wanted: StoredObject) -> bool:
        async with slots:
            found = await records.find(wanted.key)
        if found is None or found.size != wanted.size:
            return False
        return None in (wanted.etag, found.etag) or _plain(wanted.etag) == _plain(found.etag)

    missing = [
        wanted.key
        for wanted, there in zip(objects, await run_all(map(is_there, objects)), strict=True)
        if not there
    ]
    if missing:
        log(logging.INFO, "outputs of an earlier delivery are gone", count=len(missing))
    return not missing


async def _restore(context: JobContext, records: TargetRecords, manifest: ResultManifest) -> JobResult | None:
    locations = [await records.locate(stored.key) for stored in manifest.objects]
    urls = {location.path: location.url for location in locations if location.url is not None}
    job = context.read.job
    try:
        return manifest.restore(ACTIONS[job.action].result, urls, job.metadata)
    except ValidationError:
        log(logging.WARNING, "result manifest not usable")
        return None


def _objects_of(outcome: Delivered) -> list[StoredObject]:
    files = outcome.files
    return [
        StoredObject(key=output.path, size=output.size, etag=files.etags.get(output.path))
        for output in files.outputs
    ]


def _plain(etag: str | None) -> str:
    """An ETag without the quotes and the mark of weakness, which not every answer of a store has."""
    return (etag or "").removeprefix("W/").strip('"')


@asynccontextmanager
async def _in_time(context: JobContext) -> AsyncIterator[None]:
    left_s = max(context.runtime.deadline - time.monotonic(), 0.001)
    async with asyncio.timeout(min(_TIMEOUT_S, left_s)):
        yield


def _describe(error: Exception) -> str:
    return error.message if isinstance(error, WorkerError) else "the store did not respond in time"
