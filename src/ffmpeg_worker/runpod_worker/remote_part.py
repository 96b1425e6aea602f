"""Runs one part of a job on another worker of the endpoint."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.runpod_endpoint import RunpodEndpoint
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.parts import Part
from ffmpeg_worker.tasks import finish_shielded

_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 3.0
_PAUSE_GROWTH = 1.3
_LOST_AFTER_S = 60.0
_CANCEL_TIMEOUT_S = 5.0
_MIN_LIMIT_MS = 5000  # RunPod accepts no less
_QUEUED = "IN_QUEUE"
_STOPPED = frozenset({"CANCELLED", "TIMED_OUT"})
_UNFINISHED = frozenset({_QUEUED, "IN_PROGRESS", "RUNNING"})


class NotRun(Exception):
    """The part has no result on another worker, and none will come; the message follows "because"."""


@dataclass(slots=True)
class RemotePart:
    """A part of a job on another worker."""

    endpoint: RunpodEndpoint
    part: Part
    queue_s: float
    limit_s: float
    """Seconds after which its result is no longer needed."""
    release_s: float
    """Seconds that a stopped worker takes to remove its uploads, which have the same names as ours."""
    on_progress: Callable[[dict[str, Any]], None]
    """Receives the part's progress."""

    async def run(self) -> dict[str, Any]:
        """Run the part and return its result. Cancelling also cancels the part on the other worker.

        Raises:
            NotRun: the part must run on this worker instead.
            ApiError: the part failed, and would fail here too.
        """
        sending = asyncio.ensure_future(self.endpoint.run(self._make_job()))
        try:
            job_id = str((await asyncio.shield(sending))["id"])
            log(logging.INFO, "part sent", part=self.part.label, part_id=job_id)
            state = await self._wait(job_id)
            if state.get("status") in _STOPPED:
                await self._wait_for_release(state)
        except ApiError as error:
            raise NotRun(f"they were not accepted: {_describe(error)}") from None
        except asyncio.CancelledError:
            await finish_shielded(self._cancel_sent(sending))  # RunPod may send the stop signal twice
            raise
        log(logging.INFO, "part ended", part=self.part.label, part_id=job_id, status=state.get("status"))
        return self._read_result(state)

    def _make_job(self) -> dict[str, Any]:
        limit_ms = max(round(self.limit_s * 1000), _MIN_LIMIT_MS)
        # If this worker is killed, nothing else would cancel the part.
        policy = {"executionTimeout": limit_ms, "ttl": limit_ms + round(self.queue_s * 1000) + 60_000}
        return {"input": self.part.as_input(), "policy": policy}

    async def _wait(self, job_id: str) -> Mapping[str, Any]:
        """Wait until the part has ended; return its final state."""
        began = last_seen = time.monotonic()
        pause = _FIRST_PAUSE_S
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _MAX_PAUSE_S)
            try:
                state = await self.endpoint.status(job_id, repeats=False)
            except ApiError as error:
                pause = max(pause, error.retry_after_s or 0)
                if not error.retryable or time.monotonic() - last_seen > _LOST_AFTER_S:
                    return await self._cancel(job_id, f"their state is not known: {_describe(error)}")
                continue
            last_seen = time.monotonic()
            if state.get("status") not in _UNFINISHED:
                return state
            if state.get("status") == _QUEUED and last_seen - began > self.queue_s:
                return await self._cancel(job_id, f"no other worker was free within {self.queue_s:g} seconds")
            match state.get("output"):
                case {"progress": dict(progress)}:
                    self.on_progress(progress)

    async def _cancel(self, job_id: str, reason: str) -> Mapping[str, Any]:
        """Cancel the part and raise NotRun with the reason; return its state if it has completed meanwhile."""
        try:
            state = await self.endpoint.cancel(job_id)
            if state.get("status") == "COMPLETED":
                return state if "output" in state else await self.endpoint.status(job_id, repeats=False)
            await self._wait_for_release(state)
        except ApiError as error:
            log(logging.WARNING, "part not cancelled", part_id=job_id, reason=str(error))
        raise NotRun(reason)

    async def _cancel_sent(self, sending: asyncio.Future[dict[str, Any]]) -> None:
        """Cancel a part that may still be on its way: only its id, which comes in the response, can cancel it."""
        try:
            async with asyncio.timeout(_CANCEL_TIMEOUT_S):
                job_id = str((await sending)["id"])
                await self.endpoint.cancel(job_id)
                log(logging.INFO, "part cancelled", part=self.part.label, part_id=job_id)
        except (ApiError, TimeoutError) as error:
            log(logging.WARNING, "part not cancelled", part=self.part.label, reason=str(error))

    async def _wait_for_release(self, state: Mapping[str, Any]) -> None:
        if state.get("workerId"):
            await asyncio.sleep(self.release_s)

    def _read_result(self, state: Mapping[str, Any]) -> dict[str, Any]:
        status, output = state.get("status"), state.get("output")
        match output:
            case {"success": True, "result": {"results": list(reports)} as result} if status == "COMPLETED":
                indices = [report.get("index") if isinstance(report, dict) else None for report in reports]
                if indices == list(range(self.part.count)):
                    return dict(result)
            case {"details": {"code": str(), "fault": str(fault)} as details} if status == "FAILED":
                if fault != Fault.WORKER.value and not details.get("retryable"):
                    message = state.get("error")
                    raise ApiError({"error": message if isinstance(message, str) else "It failed.", **details})
        raise NotRun(f"another worker ended them as {status}")


def _describe(error: ApiError) -> str:
    """Return what a warning says after "because …:"."""
    return error.message.rstrip(".")
