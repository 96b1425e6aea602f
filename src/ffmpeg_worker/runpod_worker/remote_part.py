"""One part of a job on another worker of the endpoint, from sending it to its answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.endpoint import EndpointError, EndpointSession
from ffmpeg_worker.runpod_worker.parts import Part
from ffmpeg_worker.runpod_worker.problems import JobFailed
from ffmpeg_worker.tasks import finish_shielded

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 3.0
_PAUSE_GROWTH = 1.3
_LOST_AFTER_S = 60.0
_CLEAN_UP_S = 5.0
_LEAST_LIMIT_MS = 5000  # RunPod takes no less
_QUEUED = "IN_QUEUE"
_STOPPED = frozenset({"CANCELLED", "TIMED_OUT"})
_UNDER_WAY = frozenset({_QUEUED, "IN_PROGRESS", "RUNNING"})


class NotRun(Exception):
    """The part has no result there, and none will come; the words follow "because"."""


@dataclass(slots=True)
class RemotePart:
    """A part at another worker."""

    link: EndpointSession
    part: Part
    queue_s: float
    limit_s: float
    """Seconds after which nobody waits for its answer."""
    let_go_s: float
    """Seconds that a worker needs which was stopped: it removes what it has uploaded, under the same names."""
    tell: Callable[[float], None]
    """Called with the part's percent."""

    async def result(self) -> dict[str, Any]:
        """The part's result. Cancelled, it is cancelled there too.

        Raises:
            NotRun: it is to be run here.
            JobFailed: it failed, and would here.
        """
        sending = asyncio.ensure_future(self.link.run(self._job()))
        try:
            job_id = await asyncio.shield(sending)
            log(logging.INFO, "part sent", part=self.part.shown, part_id=job_id)
            answer = await self._wait(job_id)
            if answer.get("status") in _STOPPED:
                await self._let_go(answer)
        except EndpointError as trouble:
            raise NotRun(f"RunPod did not take them: {trouble}") from None
        except asyncio.CancelledError:
            await finish_shielded(self._call_off(sending))  # RunPod tells to stop more than once
            raise
        log(logging.INFO, "part answered", part=self.part.shown, part_id=job_id, status=answer.get("status"))
        return self._read(answer)

    def _job(self) -> dict[str, Any]:
        limit_ms = max(round(self.limit_s * 1000), _LEAST_LIMIT_MS)
        # Should this worker be killed, nobody is left who would cancel it.
        policy = {"executionTimeout": limit_ms, "ttl": limit_ms + round(self.queue_s * 1000) + 60_000}
        return {"input": self.part.as_input(), "policy": policy}

    async def _wait(self, job_id: str) -> Mapping[str, Any]:
        """What the part has ended as."""
        began = heard = time.monotonic()
        pause = _FIRST_PAUSE_S
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE_S)
            try:
                answer = await self.link.status(job_id)
            except EndpointError as trouble:
                pause = max(pause, trouble.wish_s or 0)
                if not trouble.may_pass or time.monotonic() - heard > _LOST_AFTER_S:
                    return await self._cancelled(job_id, f"RunPod lost sight of them: {trouble}")
                continue
            heard = time.monotonic()
            if answer.get("status") not in _UNDER_WAY:
                return answer
            if answer.get("status") == _QUEUED and heard - began > self.queue_s:
                return await self._cancelled(job_id, f"no other worker was free within {self.queue_s:g} seconds")
            self._tell(answer.get("output"))

    async def _cancelled(self, job_id: str, reason: str) -> Mapping[str, Any]:
        """Give the part up, unless it is done by now."""
        try:
            answer = await self.link.cancel(job_id)
            if answer.get("status") == "COMPLETED":
                return answer if "output" in answer else await self.link.status(job_id)
            await self._let_go(answer)
        except EndpointError as trouble:
            log(logging.WARNING, "part not cancelled", part_id=job_id, reason=str(trouble))
        raise NotRun(reason)

    async def _call_off(self, sending: asyncio.Future[str]) -> None:
        """A part that is on its way yet gets its id first: without one nobody could cancel it."""
        try:
            async with asyncio.timeout(_CLEAN_UP_S):
                job_id = await sending
                await self.link.cancel(job_id)
                log(logging.INFO, "part cancelled", part=self.part.shown, part_id=job_id)
        except (EndpointError, TimeoutError) as trouble:
            log(logging.WARNING, "part not cancelled", part=self.part.shown, reason=str(trouble))

    async def _let_go(self, answer: Mapping[str, Any]) -> None:
        if answer.get("workerId"):
            await asyncio.sleep(self.let_go_s)

    def _tell(self, output: Any) -> None:
        match output:
            case {"progress": {"percent": int(percent) | float(percent)}}:
                self.tell(percent)

    def _read(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        status, output = answer.get("status"), answer.get("output")
        match output:
            case {"success": True, "result": {"results": list(reports)} as result} if status == "COMPLETED":
                if _are_reports(reports, self.part.count):
                    return dict(result)
            case {"details": {"code": str(), "fault": str(fault)} as details} if status == "FAILED":
                if fault != Fault.WORKER.value and not details.get("retryable"):
                    sentence = answer.get("error")
                    raise JobFailed({"error": sentence if isinstance(sentence, str) else "It failed.", **details})
        raise NotRun(f"another worker ended them as {status}")


def _are_reports(reports: list[Any], count: int) -> bool:
    numbers = [report.get("index") if isinstance(report, dict) else None for report in reports]
    return numbers == list(range(count))
