"""Sends honest jobs, judges their answers, and sends those again that an injected fault has hit."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from soak.client import Answer, NoAnswer, path_of, send
from soak.deck import Deck
from soak.excuses import describe_near, find_excuse, is_turned_away
from soak.honest_jobs import HonestJob, HonestJobs
from soak.ledger import Ledger
from soak.worker_process import HONEST_KEY

SERVED_WITHIN_S = 120.0
_MAX_ATTEMPTS = 8
_MAX_WAIT_S = 2.0


@dataclass
class HonestClients:
    """Callers with an API key of their own."""

    session: aiohttp.ClientSession
    jobs: HonestJobs
    ledger: Ledger

    async def keep_sending(self, deck: Deck, chance: random.Random, end: float) -> None:
        """Send jobs of the kinds that the deck deals, one after another, until the time `end`."""
        kinds = self.jobs.kinds()
        while time.monotonic() < end:
            await self.serve(kinds[deck.draw()](chance))

    async def serve_each(self, chance: random.Random) -> None:
        """Send one job of each kind, one after another."""
        for make in self.jobs.kinds().values():
            await self.serve(make(chance))

    async def serve(self, job: HonestJob) -> None:
        """Send a job until it has a result or a failure without excuse; count it."""
        began = time.monotonic()
        try:
            problem = await self._serve(job, began + SERVED_WITHIN_S)
        finally:
            job.clean()
        took = time.monotonic() - began
        self.ledger.slowest_s[job.kind] = max(took, self.ledger.slowest_s.get(job.kind, 0.0))
        if problem is None:
            self.ledger.right[job.kind] += 1
            return
        self.ledger.failed[job.kind] += 1
        self.ledger.violate(problem[0], f"{job.kind}: {problem[1]}")

    async def _serve(self, job: HonestJob, deadline: float) -> tuple[str, str] | None:
        """Return the kind and the details of a violation, or None if the result is right."""
        attempts = 0
        while time.monotonic() < deadline and attempts < _MAX_ATTEMPTS:
            try:
                with self.ledger.request(f"honest {job.kind}"):
                    answer = await send(
                        self.session, path_of(job.action) + job.query, job.body, HONEST_KEY, job.headers
                    )
            except NoAnswer as error:
                return "no answer", str(error)
            problems = _failures(answer)
            if not problems:
                wrong = await asyncio.to_thread(job.check, answer)
                return ("wrong result", f"{'; '.join(wrong)} (job {answer.job_id})") if wrong else None
            if all(is_turned_away(problem) for problem in problems):
                self.ledger.turned_away[job.kind] += 1
                await asyncio.sleep(min(answer.retry_after_s, _MAX_WAIT_S))
                continue
            violation = self._judge(answer, problems)
            if violation is not None:
                return violation
            attempts += 1
            self.ledger.resent[job.kind] += 1
        return "starved", f"no result within {SERVED_WITHIN_S:g} s and {attempts} attempts"

    def _judge(self, answer: Answer, problems: list[dict[str, Any]]) -> tuple[str, str] | None:
        when = answer.job_id, answer.began, answer.ended
        for problem in problems:
            if find_excuse(problem, *when, self.ledger.injuries) is None:
                named = {key: problem.get(key) for key in ("code", "fault", "retryable", "error", "where")}
                near = describe_near(*when, self.ledger.injuries)
                took = answer.ended - answer.began
                text = f"{answer.status} {named} after {took:.1f} s, {near} (job {answer.job_id})"
                return "spurious failure", text
        return None


def _failures(answer: Answer) -> list[dict[str, Any]]:
    """The problems of an answer: its own, or those of the processes of a job."""
    if answer.status != 200:
        return [answer.json()]
    if not answer.body.startswith(b"{"):
        return []
    results = answer.json().get("results", [])
    return [result["error"] for result in results if isinstance(result, dict) and result.get("error")]
