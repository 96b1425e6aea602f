"""Async client of the jobs of the HTTP API: sends them to the queue, and follows, cancels and repeats them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from ffmpeg_worker.client.errors import ApiError, bad_response, unreachable
from ffmpeg_worker.client.event_stream import read_events
from ffmpeg_worker.client.read_response import ENDED_EARLY

FINAL_STATUSES = frozenset({"succeeded", "failed", "cancelled"})
MAX_RESPONSE_BYTES = 64 << 20
PATIENCE_S = 60.0
"""Seconds for which `watch` and `wait` try again to reach an API that has gone."""

_CONNECT_TIMEOUT_S = 10.0
_RESPONSE_TIMEOUT_S = 60.0
_SILENCE_TIMEOUT_S = 60.0
_POLL_S = 0.5
_PAUSE_S = 1.0
_EVENT_STREAM = "text/event-stream"
# What the API before events says, and a proxy that does not pass them on.
_NO_EVENTS = frozenset({"unknown_route", "method_not_allowed", "unsupported_feature"})
_TRANSFER_ERRORS = (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError, ValueError)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job as the API describes it.

    Attributes:
        job_id: its id.
        status: `queued`, `running`, `cancelling`, or one of `FINAL_STATUSES`.
        revision: grows with every change.
        value: all of its JSON: `action`, `progress`, `result`, `error`, `created_at` and more.
    """

    job_id: str
    status: str
    revision: int
    value: Json = field(repr=False)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a job of a response.

        Raises:
            ApiError: it is none (`api_bad_answer`).
        """
        match value:
            case {"id": str(job_id), "status": str(status)}:
                revision = value.get("revision", 0)
                return cls(job_id, status, revision if isinstance(revision, int) else 0, value)
        raise bad_response("it describes no job.")

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class JobList:
    """A page of jobs, newest first; `next_cursor` continues it, `None` at the end."""

    jobs: tuple[QueuedJob, ...]
    next_cursor: str | None


class JobsClient:
    """Calls the API at a base URL, which ends in `/api`; use `open_jobs_client`.

    All methods raise ApiError: the API's own problem, `api_unreachable` or `api_bad_answer`.
    """

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self._jobs_url = f"{base_url.rstrip('/')}/jobs"
        self._session = session

    async def submit(self, job: bytes, *, idempotency_key: str | None = None) -> QueuedJob:
        """Send a whole job, as JSON, to the queue; with a key it can be sent again safely."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return QueuedJob.from_json(await self._call("POST", "", data=job, headers=headers))

    async def get(self, job_id: str) -> QueuedJob:
        """Return a job as it is now."""
        return QueuedJob.from_json(await self._call("GET", _path_of(job_id)))

    async def list_jobs(self, filters: Mapping[str, str] | None = None) -> JobList:
        """Return a page of jobs; `filters` are the query of `GET /api/jobs`, such as `status` and `cursor`."""
        value = await self._call("GET", "", params=dict(filters or {}))
        if not isinstance(jobs := value.get("jobs"), list):
            raise bad_response("it lists no jobs.")
        cursor = value.get("next_cursor")
        return JobList(tuple(map(QueuedJob.from_json, jobs)), cursor if isinstance(cursor, str) else None)

    async def cancel(self, job_id: str) -> QueuedJob:
        """Cancel a job; one that runs is `cancelling` until its programs are gone."""
        return QueuedJob.from_json(await self._call("DELETE", _path_of(job_id)))

    async def retry(self, job_id: str) -> QueuedJob:
        """Run an ended job again, under the same id."""
        return QueuedJob.from_json(await self._call("POST", f"{_path_of(job_id)}/retry"))

    async def read_log(self, job_id: str) -> list[dict[str, Any]]:
        """Return what the commands of a job said: entries with `attempt`, `lane`, `command` and `text`."""
        entries: list[dict[str, Any]] = []
        while True:
            after = {"after": str(entries[-1]["number"])} if entries else {}
            value = await self._call("GET", f"{_path_of(job_id)}/log", params=after)
            match value:
                case {"log": list(page)} if all(isinstance(entry, dict) and "number" in entry for entry in page):
                    entries += page
                case _:
                    raise bad_response("it has no log.")
            if not page:
                return entries

    async def wait(self, job_id: str) -> QueuedJob:
        """Return a job when it has ended."""
        [ended] = [job async for job in self.watch(job_id) if job.is_final]
        return ended

    async def watch(self, job_id: str) -> AsyncGenerator[QueuedJob, None]:
        """Yield a job as it is, then after every change, to its end.

        A connection that ends is opened again, and continues after the last revision. An API without events is
        asked twice a second.

        Raises:
            ApiError: as all methods; `api_unreachable` when the API was away for `PATIENCE_S`.
        """
        revision, has_events, seen_at = 0, True, time.monotonic()
        while True:
            changes = self._listen(job_id, revision) if has_events else self._ask(job_id, revision)
            try:
                async with aclosing(changes):
                    async for job in changes:
                        seen_at = time.monotonic()
                        if job.revision > revision or job.is_final:
                            revision = job.revision
                            yield job
                        if job.is_final:
                            return
            except ApiError as error:
                if has_events and error.code in _NO_EVENTS:
                    has_events = False
                    continue
                if not error.retryable or time.monotonic() - seen_at > PATIENCE_S:
                    raise
            await asyncio.sleep(_PAUSE_S if has_events else _POLL_S)

    async def _listen(self, job_id: str, revision: int) -> AsyncGenerator[QueuedJob, None]:
        """Yield the states of a job that the API tells, until the connection ends."""
        headers = {"Accept": _EVENT_STREAM, **({"Last-Event-ID": str(revision)} if revision else {})}
        async with self._open("GET", f"{_path_of(job_id)}/events", headers=headers) as response:
            if response.content_type != _EVENT_STREAM:
                raise ApiError({"error": "The API has no events.", "code": "unknown_route"})
            async for data in read_events(_chunks_of(response), max_bytes=MAX_RESPONSE_BYTES):
                job = _read_event(data)
                is_whole = job.status != "succeeded" or "result" in job.value
                yield job if is_whole else await self.get(job_id)  # events leave large results out

    async def _ask(self, job_id: str, revision: int) -> AsyncGenerator[QueuedJob, None]:
        job = await self.get(job_id)
        if job.revision > revision or job.is_final:
            yield job

    async def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_RESPONSE_TIMEOUT_S), self._open(method, path, **more) as response:
                content = bytearray()
                async for chunk in _chunks_of(response):
                    content += chunk
                    if len(content) > MAX_RESPONSE_BYTES:
                        raise bad_response(f"it is larger than {MAX_RESPONSE_BYTES} bytes.")
                value = _read_json(bytes(content), response.status)
        except TimeoutError:
            raise unreachable(f"it does not respond within {_RESPONSE_TIMEOUT_S:g} seconds.") from None
        if not isinstance(value, dict):
            raise bad_response(f"HTTP {response.status} with a body that is not a JSON object.")
        return value

    @asynccontextmanager
    async def _open(self, method: str, path: str, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a successful response.

        Raises:
            ApiError: the API's problem, or what happened to the connection.
        """
        try:
            # Following a redirect would show the key to another server, or turn a POST into a GET.
            async with self._session.request(
                method, self._jobs_url + path, allow_redirects=False, **more
            ) as response:
                if response.status >= 300:
                    raise _read_problem(response.status, await response.content.read(MAX_RESPONSE_BYTES))
                yield response
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise unreachable(_describe(getattr(error, "os_error", error))) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError):
            raise unreachable(ENDED_EARLY) from None
        except aiohttp.SocketTimeoutError:
            raise unreachable(f"it was silent for {_SILENCE_TIMEOUT_S:g} seconds.") from None
        except _TRANSFER_ERRORS as error:
            raise bad_response(f"it is not HTTP ({type(error).__name__}).") from None


@asynccontextmanager
async def open_jobs_client(base_url: str, api_key: str | None) -> AsyncIterator[JobsClient]:
    """Open a client of the API at `base_url`, which ends in `/api`."""
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S, sock_read=_SILENCE_TIMEOUT_S)
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        yield JobsClient(base_url, session)


async def _chunks_of(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_any():
        yield chunk


def _describe(error: Exception) -> str:
    """Say why there is no connection; the numbers of errors of names are negative."""
    number = getattr(error, "errno", None) or 0
    text = os.strerror(number) if number > 0 else getattr(error, "strerror", None)
    return f"{text or type(error).__name__}."


def _path_of(job_id: str) -> str:
    return f"/{quote(job_id, safe='')}"


def _read_json(content: bytes, status: int) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise bad_response(f"HTTP {status} with a body that is not JSON.", status=status) from None


def _read_event(data: bytes) -> QueuedJob:
    """Read the job in an event.

    Raises:
        ApiError: the event is a problem, which ends the stream, or describes no job.
    """
    value = _read_json(data, 200)
    match value:
        case {"error": str(), "code": str()} as problem if "id" not in problem:
            raise ApiError(problem)
    return QueuedJob.from_json(value)


def _read_problem(status: int, content: bytes) -> ApiError:
    match _read_json(content, status):
        case {"error": str(), "code": str()} as problem:
            return ApiError(problem)
    return bad_response(f"HTTP {status} with neither a job nor a problem.", status=status)
