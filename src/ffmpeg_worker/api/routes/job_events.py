"""`GET /api/jobs/{id}/events`: follows a job to its end."""

from __future__ import annotations

from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.job_parameters import read_job_id, read_number
from ffmpeg_worker.api.job_responses import describe_job
from ffmpeg_worker.api.job_stream import EventFormat, JobStream, LineFormat, StreamFormat
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob

LAST_EVENT_HEADER = "Last-Event-ID"


async def stream_events(request: Request) -> Response:
    """Send the record of a job now, and after every change, until the job has ended.

    A caller who has the last record already gets 204, which tells browsers not to connect again.
    """
    job_id, after = read_job_id(request), _read_after(request)
    state, record = app_state_of(request), request_record_of(request.scope)
    queue = await state.services.queue.get()
    job = await queue.get(job_id, record.owner)
    record.job_id = job.job_id
    if after > job.revision:
        after = 0  # no id of this job: without its state, the caller would wait in vain
    if job.is_final and after == job.revision:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    written: StreamFormat = EventFormat()
    if NDJSON_TYPE in request.headers.get("accept", ""):
        written = LineFormat()
    with ExitStack() as place:
        place.enter_context(state.held.admit(record.owner))
        return JobStream(
            queue.watch(job_id, record.owner, after),
            lambda job: describe_job(request, job),
            written,
            closing=state.services.admission.closing,
            place=place.pop_all(),
        )


def _read_after(request: Request) -> int:
    """Return the revision that the caller has: from the query string, or the header that browsers send.

    Raises:
        InvalidJob: `after` in the query string is no number. A header with another server's id is ignored.
    """
    asked = request.query_params.get("after")
    if asked:
        return read_number(asked, "after")
    try:
        return read_number(request.headers.get(LAST_EVENT_HEADER, "").strip() or "0", LAST_EVENT_HEADER)
    except InvalidJob:
        return 0
