"""Sends hostile bodies and judges the responses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import aiohttp

from fuzz.planted import Planted
from soak.client import NoResponse, Response, send
from soak.explain_failure import find_explaining_fault
from soak.hostile_bodies import HostileBodies
from soak.run_end import RunEnd
from soak.run_record import RunRecord
from soak.shuffled_kinds import ShuffledKinds
from soak.worker_process import HOSTILE_KEY

_UNEXPECTED = frozenset({"worker_error", "renderer_failed", "engine_not_startable"})
"""Codes that say that the worker failed, not the caller."""


@dataclass
class HostileClients:
    """Callers with another API key."""

    session: aiohttp.ClientSession
    bodies: HostileBodies
    secrets: Planted
    record: RunRecord

    async def keep_sending(self, in_turn: ShuffledKinds, chance: random.Random, end: RunEnd) -> None:
        """Send bodies of these kinds, one after another, until `end`."""
        while not end.has_come():
            await self.send(in_turn.next(), chance)

    async def send(self, name: str, chance: random.Random) -> None:
        """Send a body of one kind."""
        request = self.bodies.make(name, chance)
        self.record.hostile[name] += 1
        try:
            with self.record.request(f"hostile: {name}"):
                response = await send(self.session, request.path, request.body, HOSTILE_KEY)
        except NoResponse as error:
            self.record.violate("no response", f"hostile: {name}: {error}")
            return
        self.record.responses[str(response.status)] += 1
        for problem in self._judge(response, request.body):
            self.record.violate("wrong response", f"hostile: {name}: {problem}: {request.body[:200]!r}")

    def _judge(self, response: Response, body: bytes) -> list[str]:
        """What is wrong with a response to a hostile body, which may repeat what the caller knows already."""
        leaked = self.secrets.find_leaks(response.body) - self.secrets.find_leaks(body)
        problems = [f"it contains a secret: {leaked}"] if leaked else []
        problem: dict[str, Any] = response.json() if response.status != 200 else {}
        if response.status != 200 and "code" not in problem:
            problems.append(f"status {response.status} without a code")
        injected = self.record.injected
        is_unexpected = problem.get("code") in _UNEXPECTED
        if is_unexpected and not find_explaining_fault(
            problem | {"retryable": True}, response.job_id, response.began, response.ended, injected
        ):
            problems.append(f"{response.status} {problem.get('code')}: {problem.get('error')}")
        return problems
