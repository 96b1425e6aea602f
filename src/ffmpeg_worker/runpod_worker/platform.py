"""RunPod's platform as this worker talks to it: the SDK's addresses and headers, one request at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import aiohttp

from ffmpeg_worker.logs import log

Job = dict[str, Any]

_JOB_ID = re.compile(r"[\w.:~-]{1,256}", re.ASCII)
_POLL_S = 90.0
_REPORT_S = 5.0
_ANSWER_S = 60.0
# What the SDK sends: the body is JSON all the same.
_HEADERS = {"charset": "utf-8", "Content-Type": "application/x-www-form-urlencoded"}


class Platform:
    """Open with `async with`; one session, on the event loop that runs the jobs."""

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

    async def take(self, count: int) -> list[Job]:
        """Up to `count` jobs; the request stays open until there is one, or RunPod ends it.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: no answer, or one that says no.
        """
        jobs = await asyncio.wait_for(self._modules.rp_job.get_job(self._session, count), _POLL_S)
        return [job for job in jobs or [] if _is_job(job)]

    async def stops(self) -> list[str]:
        """Ids of jobs to stop; otherwise like `take`."""
        ids: list[str] = await asyncio.wait_for(self._modules.rp_job.get_stop_signals(self._session), _POLL_S)
        return ids

    async def tell(self, job_id: str, progress: dict[str, Any]) -> None:
        """Report progress, once: what is lost is soon out of date."""
        try:
            await self._post(job_id, {"status": "IN_PROGRESS", "output": progress}, _REPORT_S)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log(logging.DEBUG, "progress not told", reason=type(error).__name__)

    async def answer(self, job_id: str, result: dict[str, Any]) -> tuple[int, str | None]:
        """Send the result of a job; returns the HTTP status, and how long to wait where RunPod says.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: it did not get there, or nobody said so.
        """
        return await self._post(job_id, result, _ANSWER_S)

    @property
    def _modules(self) -> Any:
        return self._sdk.serverless.modules

    async def _post(self, job_id: str, value: dict[str, Any], within_s: float) -> tuple[int, str | None]:
        if self._session is None:
            raise OSError("closed")
        url = self._modules.rp_http.JOB_DONE_URL.replace("$ID", job_id) + "&isStream=false"
        async with self._session.post(
            url,
            data=json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
            headers={**_HEADERS, "X-Request-ID": job_id},
            timeout=aiohttp.ClientTimeout(total=within_s),
        ) as response:
            await response.read()
            return response.status, response.headers.get("Retry-After")


def _is_job(job: Any) -> bool:
    """Whether there is anybody to answer to: the id stands in the address of the answer."""
    job_id = job.get("id") if isinstance(job, dict) else None
    is_one = isinstance(job_id, str) and _JOB_ID.fullmatch(job_id) is not None
    if not is_one:
        log(logging.ERROR, "job without usable id")
    return is_one
