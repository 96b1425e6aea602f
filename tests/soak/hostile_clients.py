"""Sends hostile bodies and judges the answers."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from fuzz.planted import Planted
from soak.client import Answer, NoAnswer, send
from soak.deck import Deck
from soak.excuses import find_excuse
from soak.hostile_bodies import HostileBodies
from soak.ledger import Ledger
from soak.worker_process import HOSTILE_KEY

_UNEXPECTED = frozenset({"worker_error", "renderer_failed", "engine_not_startable"})
"""Codes that say that the worker failed, not the caller."""


@dataclass
class HostileClients:
    """Callers with another API key."""

    session: aiohttp.ClientSession
    bodies: HostileBodies
    secrets: Planted
    ledger: Ledger

    async def keep_sending(self, deck: Deck, chance: random.Random, end: float) -> None:
        """Send bodies of the kinds that the deck deals, one after another, until the time `end`."""
        while time.monotonic() < end:
            await self.send(deck.draw(), chance)

    async def send(self, name: str, chance: random.Random) -> None:
        """Send a body of one kind."""
        request = self.bodies.make(name, chance)
        self.ledger.hostile[name] += 1
        try:
            with self.ledger.request(f"hostile: {name}"):
                answer = await send(self.session, request.path, request.body, HOSTILE_KEY)
        except NoAnswer as error:
            self.ledger.violate("no answer", f"hostile: {name}: {error}")
            return
        self.ledger.answers[str(answer.status)] += 1
        for problem in self._judge(answer, request.body):
            self.ledger.violate("wrong answer", f"hostile: {name}: {problem}: {request.body[:200]!r}")

    def _judge(self, answer: Answer, body: bytes) -> list[str]:
        """What is wrong with an answer to a hostile body, which may repeat what the caller knows already."""
        leaked = self.secrets.leaked_to(answer.body) - self.secrets.leaked_to(body)
        problems = [f"it contains a secret: {leaked}"] if leaked else []
        problem: dict[str, Any] = answer.json() if answer.status != 200 else {}
        if answer.status != 200 and "code" not in problem:
            problems.append(f"status {answer.status} without a code")
        injuries = self.ledger.injuries
        is_unexpected = problem.get("code") in _UNEXPECTED
        if is_unexpected and not find_excuse(
            problem | {"retryable": True}, answer.job_id, answer.began, answer.ended, injuries
        ):
            problems.append(f"{answer.status} {problem.get('code')}: {problem.get('error')}")
        return problems
