"""`GET /api/jobs/{id}/log`: what the commands of a job said."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.job_parameters import read_job_id, read_number
from ffmpeg_worker.api.json_response import DEFAULT_HEADERS, json_response
from ffmpeg_worker.api.preferences import read_preferences
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.spooled_response import spool
from ffmpeg_worker.api.wait_for_job import wait_for_end
from ffmpeg_worker.job_queue.describe_job import JOBS_PATH
from ffmpeg_worker.job_queue.job_record import JobRecord, LogEntry

TEXT_TYPE = "text/plain"
_LOOK_S = 1.0


async def show_log(request: Request) -> Response:
    """Respond with the entries after number `after`; with `Prefer: wait`, as soon as there are some.

    The header `Link` has the address of what follows.
    """
    job_id, preferred = read_job_id(request), read_preferences(request)
    asked = request.query_params.get("after")
    after = read_number(asked, "after") if asked else 0
    state, record = app_state_of(request), request_record_of(request.scope)
    queue = await state.services.queue.get()
    job = await queue.get(job_id, record.owner)
    record.job_id = job_id
    entries = await queue.read_log(job_id, record.owner, after)
    if preferred.wait_s and not entries and not job.is_final:
        with state.held.admit(record.owner):
            job, entries = await _wait_for_entries(request, job, after, preferred.wait_s)
    last = entries[-1].number if entries else after
    following = f"{base_url(request)}{JOBS_PATH}/{job_id}/log?after={last}"
    headers = {**preferred.as_headers(), "Link": f'<{following}>; rel="next"'}
    return await spool(_write(request, job, entries, last, headers), state.services.resources.scratch.root)


async def _wait_for_entries(
    request: Request, job: JobRecord, after: int, wait_s: float
) -> tuple[JobRecord, Sequence[LogEntry]]:
    """Wait until a job has said more, or has ended; other processes do not tell when they add entries.

    Raises:
        WorkerError: see `wait_for_end`.
    """
    state = app_state_of(request)
    queue = await state.services.queue.get()
    until = time.monotonic() + wait_s
    while True:
        left = until - time.monotonic()
        job = await wait_for_end(request, job, min(_LOOK_S, left))
        entries = await queue.read_log(job.job_id, job.owner, after)
        if entries or job.is_final or left <= _LOOK_S or state.services.admission.is_closing:
            return job, entries


def _write(
    request: Request, job: JobRecord, entries: Sequence[LogEntry], last: int, headers: dict[str, str]
) -> Response:
    accepted = request.headers.get("accept", "")
    if TEXT_TYPE in accepted and "json" not in accepted:
        content = "".join(_lines(entries)).encode("utf-8", "replace")
        return Response(content, headers={**DEFAULT_HEADERS, **headers}, media_type=TEXT_TYPE)
    shown = [_describe(entry) for entry in entries]
    return json_response({"log": shown, "last": last, "status": job.status.value}, headers=headers)


def _lines(entries: Sequence[LogEntry]) -> Iterator[str]:
    """Yield the lines of all processes as they came; a line before them names another process than before."""
    lane = 0
    for entry in entries:
        if entry.lane != lane:
            lane = entry.lane
            yield f"# process {lane}\n"
        yield entry.text if entry.text.endswith("\n") else f"{entry.text}\n"


def _describe(entry: LogEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "attempt": entry.attempt,
        "lane": entry.lane,
        "command": entry.command,
        "text": entry.text,
    }
