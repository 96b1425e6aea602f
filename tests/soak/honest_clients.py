"""Sends honest jobs, judges their responses, and sends those again that an injected fault has hit."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from soak.client import NoResponse, Response, path_of, send
from soak.explain_failure import describe_near, find_explaining_fault, is_busy
from soak.honest_jobs import HonestJob, HonestJobs
from soak.run_end import RunEnd
from soak.run_record import RunRecord
from soak.shuffled_kinds import ShuffledKinds
from soak.worker_process import HONEST_KEY

SERVED_WITHIN_S = 120.0
_MAX_ATTEMPTS = 8
_MAX_WAIT_S = 2.0


@dataclass
class HonestClients:
    """Callers with an API key of their own."""

    session: aiohttp.ClientSession
    jobs: HonestJobs
    record: RunRecord

    async def keep_sending(self, in_turn: ShuffledKinds, chance: random.Random, end: RunEnd) -> None:
        """Send jobs of these kinds, one after another, until `end`."""
        kinds = self.jobs.kinds()
        while not end.has_come():
            await self.serve(kinds[in_turn.next()](chance))

    async def serve_each(self, chance: random.Random) -> None:
        """Send one job of each kind, one after another."""
        for make in self.jobs.kinds().values():
            await self.serve(make(chance))

    async def serve(self, job: HonestJob) -> None:
        """Send a job until it has a result or a unexplained failure; count it."""
        began = time.monotonic()
        try:
            problem = await self._serve(job, began + SERVED_WITHIN_S)
        finally:
            job.clean()
        took = time.monotonic() - began
        self.record.slowest_s[job.kind] = max(took, self.record.slowest_s.get(job.kind, 0.0))
        if problem is None:
            self.record.right[job.kind] += 1
            return
        self.record.failed[job.kind] += 1
        self.record.violate(problem[0], f"{job.kind}: {problem[1]}")

    async def _serve(self, job: HonestJob, deadline: float) -> tuple[str, str] | None:
        """Return the kind and the details of a violation, or None if the result is right."""
        attempts = 0
        while time.monotonic() < deadline and attempts < _MAX_ATTEMPTS:
            try:
                with self.record.request(f"honest {job.kind}"):
                    response = await send(
                        self.session, path_of(job.action) + job.query, job.body, HONEST_KEY, job.headers
                    )
            except NoResponse as error:
                return "no response", str(error)
            problems = _failures(response)
            if not problems:
                wrong = await asyncio.to_thread(job.check, response)
                return ("wrong result", f"{'; '.join(wrong)} (job {response.job_id})") if wrong else None
            if all(is_busy(problem) for problem in problems):
                self.record.refused_busy[job.kind] += 1
                await asyncio.sleep(min(response.retry_after_s, _MAX_WAIT_S))
                continue
            violation = self._judge(response, problems)
            if violation is not None:
                return violation
            attempts += 1
            self.record.resent[job.kind] += 1
            await asyncio.sleep(min(response.retry_after_s, _MAX_WAIT_S))  # a full disk is refused at once
        return "starved", f"no result within {SERVED_WITHIN_S:g} s and {attempts} attempts"

    def _judge(self, response: Response, problems: list[dict[str, Any]]) -> tuple[str, str] | None:
        when = response.job_id, response.began, response.ended
        for problem in problems:
            if find_explaining_fault(problem, *when, self.record.injected) is None:
                named = {key: problem.get(key) for key in ("code", "fault", "retryable", "error", "where")}
                near = describe_near(*when, self.record.injected)
                took = response.ended - response.began
                text = f"{response.status} {named} after {took:.1f} s, {near} (job {response.job_id})"
                return "spurious failure", text
        return None


def _failures(response: Response) -> list[dict[str, Any]]:
    """The problems of a response: those of the processes of a job where it has any, else its own."""
    if not response.body.startswith(b"{"):
        return [] if response.status == 200 else [{}]
    content = response.json()
    results = content.get("results") or []
    of_processes = [result["error"] for result in results if isinstance(result, dict) and result.get("error")]
    return of_processes or ([] if response.status == 200 else [content])
