"""The client's calls, once for both clients: coroutines on a transport that may do without an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from ffmpeg_worker.client.api_door import ApiDoor
from ffmpeg_worker.client.download_file import download_file
from ffmpeg_worker.client.errors import ApiError, make_job_error, unsupported_on_runpod
from ffmpeg_worker.client.exchange import Exchange
from ffmpeg_worker.client.job import Job, JobEvent, JobPage, Progress, make_event
from ffmpeg_worker.client.job_input import find_route
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.client.read_response import read_answer
from ffmpeg_worker.client.result_output import locate_output
from ffmpeg_worker.client.run_on_route import RouteCall, run_on_route
from ffmpeg_worker.client.runpod_door import RunpodDoor
from ffmpeg_worker.client.transport import Transport
from ffmpeg_worker.client.upload_file import StoredFile, upload_file
from ffmpeg_worker.client.watch import watch_job
from ffmpeg_worker.retry import AttemptFailed, parse_retry_after, retry

ObserveProgress = Callable[[Progress], None]
JobReference = Job | str
"""A job, or its id."""

_FULL = frozenset({429, 503})
"""Statuses of a worker that has not begun the job."""


class Calls:
    """Every call of the clients, on the API or on a RunPod endpoint."""

    def __init__(self, door: ApiDoor | RunpodDoor, transport: Transport) -> None:
        self._door = door
        self._transport = transport

    async def submit(self, job: bytes, idempotency_key: str | None) -> Job:
        """Queue a whole job."""
        return await self._door.submit(job, idempotency_key=idempotency_key)

    async def run(
        self, job: bytes, timeout_s: float | None, on_progress: ObserveProgress | None
    ) -> dict[str, Any]:
        """Run a whole job: on the route of its action, or through a queue where there is no such route."""
        if isinstance(self._door, ApiDoor):
            path = find_route(job)
            if path is not None:
                return await self._run_on_route(self._door, RouteCall(path, job, timeout_s), on_progress)
        return await self.wait(await self.submit(job, None), timeout_s, on_progress)

    async def get(self, job: JobReference) -> Job:
        """Return a job as it is now."""
        return await self._door.get(id_of(job))

    async def watch(self, job: JobReference, timeout_s: float | None) -> AsyncGenerator[JobEvent, None]:
        """Yield what happens to a job, to its end."""
        before: Job | None = None
        async with aclosing(self._watch(job, timeout_s)) as states:
            async for state in states:
                yield make_event(before, state)
                before = state

    async def wait(
        self, job: JobReference, timeout_s: float | None, on_progress: ObserveProgress | None
    ) -> dict[str, Any]:
        """Return the result of a job when it has ended."""
        async with aclosing(self._watch(job, timeout_s)) as states:
            async for state in states:
                if state.is_final:
                    return state.read_result()
                if on_progress is not None and state.progress is not None:
                    on_progress(state.progress)
        raise AssertionError("a watch ends with a final state")

    async def cancel(self, job: JobReference) -> Job:
        """Cancel a job."""
        return await self._door.cancel(id_of(job))

    async def retry(self, job: JobReference) -> Job:
        """Run an ended job again."""
        return await self._door.retry(id_of(job))

    async def jobs(self, filters: Mapping[str, str], limit: int | None) -> AsyncGenerator[Job, None]:
        """Yield jobs, page by page."""
        query, left = dict(filters), limit
        while left is None or left > 0:
            size = {} if left is None else {"limit": str(min(left, 200))}
            page = await self.job_page({**query, **size})
            for job in page.jobs[:left]:
                yield job
            left = None if left is None else left - len(page.jobs)
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    async def job_page(self, filters: Mapping[str, str]) -> JobPage:
        """Return one page of jobs."""
        return await self._api("list jobs", "Keep the ids of the jobs that you send.").list_jobs(filters)

    async def log(self, job: JobReference) -> list[dict[str, Any]]:
        """Return what the commands of a job said."""
        api = self._api("keep the logs of commands", "A failed job has its last lines in stderr.")
        return await api.read_log(id_of(job))

    async def upload(self, path: Path, name: str) -> StoredFile:
        """Send a file."""
        hint = "Put the file where the worker can fetch it, such as a bucket, and give its URL in inputs."
        return await upload_file(self._api("take files", hint).exchange, path, name)

    async def download(self, job: JobReference | Mapping[str, Any], name: str, path: Path) -> Path:
        """Fetch an output of a job, or of a result."""
        is_result = isinstance(job, Mapping)
        result = job if isinstance(job, Mapping) else await self._result_of(job)
        job_id = None if isinstance(job, Mapping) else id_of(job)
        has_api = isinstance(self._door, ApiDoor)
        place = locate_output(result, name, job_id=None if is_result else job_id, has_api=has_api)
        if place.route is not None:
            return await self._fetch(self._api("serve files", "").exchange, place.route, path)
        # Another server must not get the key.
        return await self._fetch(Exchange(self._transport, ExternalApi("", None)), str(place.url), path)

    async def download_file(self, route: str, path: Path) -> Path:
        """Fetch a file of the data root."""
        hint = "Fetch the url of the output in the result."
        return await self._fetch(self._api("serve files", hint).exchange, route, path)

    async def health(self) -> dict[str, Any]:
        """Return the health of the API, or of the endpoint."""
        return await self._door.read_health()

    async def wait_until_healthy(self, timeout_s: float) -> dict[str, Any]:
        """Wait for the API."""
        return await self._api("tell when a worker is ready", "Send the job: it waits.").wait_until_healthy(
            timeout_s
        )

    async def presets(self) -> list[dict[str, Any]]:
        """Return the presets."""
        return await self._api("list presets", "See docs/presets.md.").read_presets()

    async def plan(self, job: bytes) -> dict[str, Any]:
        """Return what a whole job would do."""
        return await self._api("plan jobs", "Use the HTTP API of a worker, or ffmpeg-worker plan.").plan(job)

    def _api(self, what: str, hint: str) -> ApiDoor:
        if isinstance(self._door, ApiDoor):
            return self._door
        raise unsupported_on_runpod(what, hint)

    def _watch(self, job: JobReference, timeout_s: float | None) -> AsyncGenerator[Job, None]:
        return watch_job(self._door, self._transport, id_of(job), timeout_s=timeout_s)

    async def _result_of(self, job: JobReference) -> dict[str, Any]:
        known = job if isinstance(job, Job) and job.result is not None else await self.get(job)
        return known.read_result()

    async def _fetch(self, exchange: Exchange, target: str, path: Path) -> Path:
        def open_file(headers: Mapping[str, str]) -> Any:
            return exchange.open("GET", target, headers=headers)

        return await download_file(exchange, open_file, path)

    async def _run_on_route(
        self, door: ApiDoor, call: RouteCall, on_progress: ObserveProgress | None
    ) -> dict[str, Any]:
        def observe(value: Mapping[str, Any]) -> None:
            if on_progress is not None:
                on_progress(Progress.from_json(value))

        async def attempt() -> dict[str, Any]:
            response = await run_on_route(door.exchange, call, observe)
            try:
                return read_answer(
                    response.status, response.body, is_result=lambda _: "x-job-id" in response.headers
                )
            except ApiError as error:
                if error.status in _FULL:
                    wait_s = parse_retry_after(response.headers.get("retry-after"))
                    raise AttemptFailed(error, wait_s) from None
                if error.job_id is None:
                    raise
                raise make_job_error(error.problem, status=error.status) from None

        return await retry(attempt, door.exchange.pauses_s, sleep=self._transport.sleep)


def id_of(job: JobReference) -> str:
    """Return the id of a job."""
    return job if isinstance(job, str) else job.id
