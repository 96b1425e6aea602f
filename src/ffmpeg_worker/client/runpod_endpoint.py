"""RunPod's REST API for one endpoint: sends jobs, asks for their status, cancels and repeats them.

https://docs.runpod.io/serverless/endpoints/operations
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ffmpeg_worker.client.errors import ApiError, bad_response, runpod_refused, unreachable
from ffmpeg_worker.client.exchange import PAUSES_S, NothingSent, is_worth_repeating, read_body, read_json
from ffmpeg_worker.client.transport import (
    NotConnected,
    NotHttp,
    Request,
    Transport,
    TransportError,
)
from ffmpeg_worker.job.platform_job import is_platform_id
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry

RUNPOD_URL = "https://api.runpod.ai/v2"

_TIMEOUT_S = 15.0
_LOCAL_TIMEOUT_S = 3600.0
"""RunPod's local server runs a job when its status is asked for, and answers at its end."""
_MAX_RESPONSE_BYTES = 32 << 20


class RunpodEndpoint:
    """An endpoint at a URL.

    All methods raise ApiError: `runpod_refused`, `api_unreachable` or `api_bad_answer`.
    """

    def __init__(
        self, url: str, key: str | None, transport: Transport, *, pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self.url = url
        self.transport = transport
        self._key = key
        self._pauses_s = pauses_s
        self._status_method = "GET"

    async def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send `{"input": job, …}`; return `{"id", "status"}`.

        If it raises, the job was not accepted, as far as is known.
        """
        state = await self._call("POST", "run", body=json.dumps(request, ensure_ascii=False).encode())
        job_id = state.get("id")
        if not isinstance(job_id, str) or not is_platform_id(job_id):
            raise bad_response("RunPod gave the job no id.")
        return state

    async def status(self, job_id: str, *, repeats: bool = True) -> dict[str, Any]:
        """Return the state of a job, `{"status", "output"?, "error"?, …}`; without retries unless it `repeats`."""
        path = f"status/{job_id}"
        try:
            return await self._call(self._status_method, path, repeats=repeats, is_tried_once=not repeats)
        except ApiError as error:
            if error.status != 405 or self._status_method == "POST":
                raise
        self._status_method = "POST"  # RunPod's local server knows no other
        return await self._call("POST", path, repeats=repeats, is_tried_once=not repeats)

    async def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job; return its state afterwards, which may be COMPLETED."""
        return await self._call("POST", f"cancel/{job_id}", repeats=True)

    async def retry(self, job_id: str) -> dict[str, Any]:
        """Run an ended job again, under the same id."""
        return await self._call("POST", f"retry/{job_id}")

    async def health(self) -> dict[str, Any]:
        """Return `{"jobs": {…}, "workers": {…}}`: their numbers by state."""
        return await self._call("GET", "health", repeats=True)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        repeats: bool = False,
        is_tried_once: bool = False,
    ) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            try:
                return await self._call_once(method, path, body)
            except ApiError as error:
                if not is_worth_repeating(error, repeats=repeats):
                    raise
                raise AttemptFailed(error, error.retry_after_s) from None

        pauses_s = () if is_tried_once else self._pauses_s
        return await retry(attempt, pauses_s, sleep=self.transport.sleep)

    async def _call_once(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        runs_job = method == "POST" and path.startswith("status/")
        timeout_s = _LOCAL_TIMEOUT_S if runs_job else _TIMEOUT_S
        request = Request(method, f"{self.url}/{path}", headers, body, timeout_s=timeout_s, silence_s=timeout_s)
        try:
            async with self.transport.open(request) as response:
                status, sent_after = response.status, response.headers.get("retry-after")
                raw = await read_body(response, max_bytes=_MAX_RESPONSE_BYTES)
        except TransportError as error:
            raise _explain(error) from None
        if status != 200:
            may_pass = is_retryable(status)
            raise runpod_refused(status, retryable=may_pass, retry_after_s=parse_retry_after(sent_after))
        value = read_json(raw, status)
        if not isinstance(value, dict):
            raise bad_response("it is not a JSON object.")
        return value


def endpoint_url(base_url: str, endpoint_id: str) -> str:
    """Return the URL of an endpoint; in tests of RunPod's Hub the base URL contains the id."""
    base = base_url.rstrip("/")
    return base if not endpoint_id or base.endswith(f"/{endpoint_id}") else f"{base}/{endpoint_id}"


def _explain(error: TransportError) -> ApiError:
    if isinstance(error, NotHttp):
        return bad_response(str(error))
    known = unreachable(str(error), server="RunPod")
    return NothingSent(known.problem) if isinstance(error, NotConnected) else known
