"""Jobs as callers send them to the queue."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.webhooks.callback import Callback


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job as a caller sent it.

    Attributes:
        body: its JSON.
        job: what was read from it.
        owner: label of the API key.
        job_id: its id, which nobody can guess; by default a new one.
        idempotency_key: a job of the same owner with the same key is returned instead of a second one.
        expires_at: seconds since 1970 after which it is not started any more.
        parent_id: the job whose piece it is.
        callback: where its webhooks go; by default where the job says.
        base_url: of links in webhooks, without a slash at its end.
    """

    body: JobBody
    job: Job
    owner: str
    job_id: str | None = None
    idempotency_key: str | None = None
    expires_at: float | None = None
    parent_id: str | None = None
    callback: Callback | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedJob:
    """A job that cannot be read; see `SentJob`.

    Attributes:
        action: name of its action as far as it is known.
        error: what is wrong with it.
        callback: whom its end is told.
    """

    body: JobBody
    owner: str
    job_id: str
    action: str
    error: WorkerError
    callback: Callback | None = None


def key_of(sent: SentJob) -> str | None:
    """Return the idempotency key from the header or the body.

    Raises:
        InvalidJob: both are given, and differ.
    """
    header, field = sent.idempotency_key, sent.job.idempotency_key
    if header and field and header != field:
        raise InvalidJob(
            'The header "Idempotency-Key" and the field "idempotency_key" differ.',
            hint="Give one of them.",
            where={"field": "idempotency_key"},
        )
    return header or field or None
