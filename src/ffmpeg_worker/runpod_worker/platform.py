"""RunPod's platform as a worker sees it: the SDK's URLs and headers, one request at a time."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import aiohttp

from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.request import is_job_id

Job = dict[str, Any]

_POLL_TIMEOUT_S = 90.0
_PROGRESS_TIMEOUT_S = 5.0
_RESULT_TIMEOUT_S = 60.0
# The SDK declares this content type, although the body is JSON.
_HEADERS = {"charset": "utf-8", "Content-Type": "application/x-www-form-urlencoded"}


class Platform:
    """Talks to RunPod in one HTTP session; open it with `async with` on the event loop that runs the jobs."""

    def __init__(self, sdk: Any) -> None:
        self._sdk = sdk
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Platform:
        self._session = self._sdk.http_client.AsyncClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def take_jobs(self, max_count: int) -> list[Job]:
        """Long-poll for up to `max_count` jobs.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: no response, or an error status.
        """
        jobs = await asyncio.wait_for(self._modules.rp_job.get_job(self._session, max_count), _POLL_TIMEOUT_S)
        return [job for job in jobs or [] if _has_usable_id(job)]

    async def take_cancellations(self) -> list[str]:
        """Long-poll for ids of jobs that RunPod cancelled; raises what `take_jobs` raises."""
        ids: list[str] = await asyncio.wait_for(
            self._modules.rp_job.get_stop_signals(self._session), _POLL_TIMEOUT_S
        )
        return ids

    async def post_progress(self, job_id: str, progress: dict[str, Any]) -> None:
        """Report progress, without retries: a lost report is soon out of date."""
        try:
            await self._post(job_id, {"status": "IN_PROGRESS", "output": progress}, _PROGRESS_TIMEOUT_S)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log(logging.DEBUG, "progress not sent", reason=type(error).__name__)

    async def post_result(self, job_id: str, result: dict[str, Any]) -> tuple[int, str | None]:
        """Send the result of a job; return the HTTP status and the `Retry-After` header.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: there was no response.
        """
        return await self._post(job_id, result, _RESULT_TIMEOUT_S)

    @property
    def _modules(self) -> Any:
        return self._sdk.serverless.modules

    async def _post(self, job_id: str, value: dict[str, Any], timeout_s: float) -> tuple[int, str | None]:
        if self._session is None:
            raise OSError("closed")
        url = self._modules.rp_http.JOB_DONE_URL.replace("$ID", job_id) + "&isStream=false"
        async with self._session.post(
            url,
            data=json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
            headers={**_HEADERS, "X-Request-ID": job_id},
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        ) as response:
            await response.read()
            return response.status, response.headers.get("Retry-After")


def _has_usable_id(job: Any) -> bool:
    """Whether the job has an id that can stand in the URL that takes its result."""
    is_usable = isinstance(job, dict) and is_job_id(job.get("id"))
    if not is_usable:
        log(logging.ERROR, "job without usable id")
    return is_usable
