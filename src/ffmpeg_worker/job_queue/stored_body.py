"""The body of a queued job as it is stored: sealed, with the action and the query string that it came with."""

from __future__ import annotations

import json
from typing import Any

from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.seal import Seal


def pack_body(body: JobBody) -> bytes:
    """Return the stored form, before it is sealed; equal bodies have equal forms."""
    value: dict[str, Any] = {
        "action": body.action,
        "query": dict(sorted(body.query.items())),
        "content": body.content.decode(),
    }
    if body.files:
        value["files"] = dict(sorted(body.files.items()))
    if body.trace:
        value["trace"] = dict(body.trace)
    return json.dumps(value, separators=(",", ":")).encode()


def open_body(seal: Seal, sealed: bytes) -> JobBody:
    """Return the body in its sealed form.

    Raises:
        Misconfigured: it was sealed with another key.
    """
    value = json.loads(seal.unseal(sealed))
    more = {"files": value.get("files", {}), "trace": value.get("trace", {})}
    return JobBody(value["action"], value["content"].encode(), value["query"], **more)
