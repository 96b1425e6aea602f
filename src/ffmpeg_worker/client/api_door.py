"""The calls of the HTTP API for jobs: `/api/jobs`, `/api/plan`, `/api/presets` and `/health`."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from ffmpeg_worker.client.errors import ApiError, bad_response, unreachable
from ffmpeg_worker.client.event_stream import read_events
from ffmpeg_worker.client.exchange import (
    MAX_RESPONSE_BYTES,
    NOT_RUNNING,
    Exchange,
    new_idempotency_key,
    read_body,
    read_json,
)
from ffmpeg_worker.client.job import Job, JobPage
from ffmpeg_worker.client.location import health_url, read_health
from ffmpeg_worker.client.transport import NotConnected, Request, TimedOut, TransportError, media_type
from ffmpeg_worker.logs import log

READY_TIMEOUT_S = 60.0
"""Seconds to wait for an API that does not respond."""

_PAUSE_S = 1.0
_POLL_S = 0.5
_EVENT_STREAM = "text/event-stream"
# What the API before events says, and a proxy that does not pass them on.
_NO_EVENTS = frozenset({"unknown_route", "method_not_allowed", "unsupported_feature"})
_HEALTH_TIMEOUT_S = 5.0
_MAX_HEALTH_BYTES = 1 << 20
_FIRST_PAUSE_S = 0.02
_MAX_PAUSE_S = 1.0
_PAUSE_GROWTH = 1.5


class ApiDoor:
    """The API behind an exchange. All methods raise ApiError."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._has_events = True

    async def submit(self, job: bytes, *, idempotency_key: str | None = None) -> Job:
        """Send a whole job, as JSON, to the queue; a request that is repeated is one job."""
        headers = {"Idempotency-Key": idempotency_key or new_idempotency_key()}
        return Job.from_json(await self.exchange.call("POST", "/jobs", body=job, headers=headers, repeats=True))

    async def get(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return Job.from_json(await self.exchange.call("GET", path_of(job_id)))

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job; one that runs is `cancelling` until its programs are gone."""
        return Job.from_json(await self.exchange.call("DELETE", path_of(job_id)))

    async def retry(self, job_id: str) -> Job:
        """Run an ended job again, under the same id."""
        return Job.from_json(await self.exchange.call("POST", f"{path_of(job_id)}/retry"))

    async def list_jobs(self, filters: Mapping[str, str]) -> JobPage:
        """Return a page of jobs; `filters` are the query of `GET /api/jobs`, such as `status` and `cursor`."""
        value = await self.exchange.call("GET", "/jobs", query=filters)
        if not isinstance(jobs := value.get("jobs"), list):
            raise bad_response("it lists no jobs.")
        cursor = value.get("next_cursor")
        return JobPage(tuple(map(Job.from_json, jobs)), cursor if isinstance(cursor, str) else None)

    async def read_log(self, job_id: str) -> list[dict[str, Any]]:
        """Return what the commands of a job said: entries with `attempt`, `lane`, `command` and `text`."""
        entries: list[dict[str, Any]] = []
        while True:
            after = {"after": str(entries[-1]["number"])} if entries else {}
            value = await self.exchange.call("GET", f"{path_of(job_id)}/log", query=after)
            match value:
                case {"log": list(page)} if all(isinstance(entry, dict) and "number" in entry for entry in page):
                    entries += page
                case _:
                    raise bad_response("it has no log.")
            if not page:
                return entries

    async def changes(self, job_id: str, *, revision: int, timeout_s: float | None) -> AsyncGenerator[Job, None]:
        """Yield the states of a job that the API tells, until the connection ends; without events, the one now."""
        if not self._has_events:
            yield await self.get(job_id)
            return
        headers = {"Accept": _EVENT_STREAM, **({"Last-Event-ID": str(revision)} if revision else {})}
        try:
            async with self.exchange.open(
                "GET", f"{path_of(job_id)}/events", headers=headers, timeout_s=timeout_s
            ) as response:
                if media_type(response) == _EVENT_STREAM:
                    async for data in read_events(response.chunks(), max_bytes=MAX_RESPONSE_BYTES):
                        job = _read_event(data)
                        is_whole = job.status != "succeeded" or "result" in job.value
                        yield job if is_whole else await self.get(job_id)  # events leave large results out
                    return
                self._has_events = response.status == 204  # the job has ended, and there is nothing to tell
        except ApiError as error:
            if error.code not in _NO_EVENTS:
                raise
            self._has_events = False
        yield await self.get(job_id)

    def pauses(self) -> Iterator[float]:
        """See `Changes.pauses`."""
        while True:
            yield _PAUSE_S if self._has_events else _POLL_S

    async def plan(self, job: bytes) -> dict[str, Any]:
        """Return what a whole job would do."""
        return await self.exchange.call("POST", "/plan", body=job, repeats=True)

    async def read_presets(self) -> list[dict[str, Any]]:
        """Return the presets, each with the JSON Schema of its parameters."""
        match await self.exchange.call("GET", "/presets"):
            case {"presets": list(presets)}:
                return presets
        raise bad_response("it has no presets.")

    async def read_health(self) -> dict[str, Any]:
        """Return the health report of an API that takes jobs."""
        base_url = self.exchange.location.base_url()
        health = NOT_RUNNING if base_url is None else await self._ask_health(base_url)
        if isinstance(health, str):
            raise unreachable(health)
        return health

    async def wait_until_healthy(self, timeout_s: float = READY_TIMEOUT_S) -> dict[str, Any]:
        """Wait for the API; return its health report.

        Raises:
            ApiError: `api_unreachable`, the API was not healthy in time or never will be.
        """
        deadline = time.monotonic() + timeout_s
        pause = _FIRST_PAUSE_S
        health: dict[str, Any] | str
        while True:
            if (failure := self.exchange.location.failure()) is not None:
                raise unreachable(failure)
            if (base_url := self.exchange.location.base_url()) is None:
                health, pause = NOT_RUNNING, _FIRST_PAUSE_S
            else:
                health = await self._ask_health(base_url)
            if isinstance(health, dict):
                return health
            left_s = deadline - time.monotonic()
            if base_url is not None:
                _log_health(base_url, str(health), left_s)
            if pause > left_s:
                raise unreachable(health)
            await self.exchange.transport.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _MAX_PAUSE_S)

    async def _ask_health(self, base_url: str) -> dict[str, Any] | str:
        """Return the health report at this URL, or a sentence that says why there is none."""
        request = Request("GET", health_url(base_url), self.exchange.headers(), timeout_s=_HEALTH_TIMEOUT_S)
        try:
            async with self.exchange.transport.open(request) as response:
                body = await read_body(response, max_bytes=_MAX_HEALTH_BYTES)
                return read_health(response.status, body) or f"it is not healthy (HTTP {response.status})."
        except (NotConnected, TimedOut) as error:
            return str(error)
        except (ApiError, TransportError):
            return "another kind of server responds at its URL."


def _log_health(base_url: str, reason: str, left_s: float) -> None:
    place = urlsplit(base_url)
    log(
        logging.WARNING,
        "api not healthy",
        host=place.hostname,
        port=place.port,
        reason=reason,
        seconds_left=round(left_s, 1),
    )


def path_of(job_id: str) -> str:
    """Return the path of a job below the base URL."""
    return f"/jobs/{quote(job_id, safe='')}"


def _read_event(data: bytes) -> Job:
    """Read the job in an event.

    Raises:
        ApiError: the event is a problem, which ends the stream, or describes no job.
    """
    value = read_json(data, 200)
    match value:
        case {"error": str(), "code": str()} as problem if "id" not in problem:
            raise ApiError(problem)
    return Job.from_json(value)
