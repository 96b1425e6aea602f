"""The body and the headers of a webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from ffmpeg_worker.job_queue.delivery_store import PROGRESS
from ffmpeg_worker.job_queue.describe_job import describe_job
from ffmpeg_worker.job_queue.job_record import JobRecord, time_text
from ffmpeg_worker.job_queue.runpod_status import describe_status
from ffmpeg_worker.job_queue.webhooks.callback import Callback
from ffmpeg_worker.job_queue.webhooks.claims import Claim

MAX_BYTES = 256 << 10
"""Of a body: receivers refuse larger ones. What is left out can be read at `status_url`."""


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook as it is sent; `headers` are those of the worker."""

    body: bytes
    headers: Mapping[str, str]


def make_message(
    claim: Claim, record: JobRecord, callback: Callback, secrets: Sequence[str], base_url: str | None, now: float
) -> Message:
    """Make the message of a try at `now`.

    Args:
        claim: the delivery; its id is the same in all tries, and so is its body but for links that expire.
        record: of the job at the event, with its result.
        callback: the receiver.
        secrets: each signs, so that receivers may have any one of them.
        base_url: of links to this worker.
        now: seconds since 1970, which receivers compare with their clocks.
    """
    body = _as_runpod(record) if callback.shape == "runpod" else _as_standard(claim, record, base_url)
    signed_at = datetime.fromtimestamp(int(now), UTC)
    signatures = [Webhook(secret).sign(claim.delivery_id, signed_at, body) for secret in secrets]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": claim.delivery_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
        **callback.trace,
    }
    return Message(body.encode(), headers)


def _as_standard(claim: Claim, record: JobRecord, base_url: str | None) -> str:
    moment = claim.created_at if claim.event == PROGRESS else record.ended_at
    job = describe_job(record, base_url)
    text = _dump({"type": claim.event, "timestamp": time_text(moment), "data": job})
    if len(text) <= MAX_BYTES:
        return text
    job = {key: value for key, value in job.items() if key != "result"}
    if isinstance(error := job.get("error"), Mapping):
        job["error"] = {key: value for key, value in error.items() if key not in {"stderr", "results"}}
    return _dump({"type": claim.event, "timestamp": time_text(moment), "data": {**job, "is_shortened": True}})


def _as_runpod(record: JobRecord) -> str:
    """Return what RunPod posts: the answer of its `/status`."""
    job = describe_status(record)
    text = _dump(job)
    return text if len(text) <= MAX_BYTES else _dump({key: value for key, value in job.items() if key != "output"})


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
