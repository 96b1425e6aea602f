"""One run: warms the worker up, loads it and injects faults for a time, and checks the resources that it holds."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fuzz.planted import ENVIRONMENT, Planted, plant_secrets
from soak.client import open_session
from soak.expected import make_expected
from soak.faults import check_faults, inject_faults, missing_faults
from soak.final_checks import check_end, check_log, check_resources, look, read_stack, wait_until_idle
from soak.folders import RunFolders, open_folders
from soak.health import STUCK_AFTER_S, Health, polled_health
from soak.honest_clients import HonestClients
from soak.honest_jobs import HonestJobs
from soak.hostile_bodies import HostileBodies
from soak.hostile_clients import HostileClients
from soak.misbehaving_clients import MisbehavingClients
from soak.run_end import RunEnd
from soak.run_record import RunRecord
from soak.shuffled_kinds import ShuffledKinds
from soak.stalled_peer import open_stalled_peer
from soak.usage import UsageSeries, take_sample
from soak.worker_process import HONEST_KEY, HOSTILE_KEY, running_worker
from support.servers.api_server import Server
from support.servers.bucket import open_bucket
from support.servers.web import open_web

HONEST, HOSTILE, MISBEHAVING = 2, 3, 2
_SAMPLE_S = 0.2
_TIDY_S = 2.0
_LIST_BYTES = 60 << 20
_REMEMBERED = 200


@dataclass(frozen=True)
class Options:
    """`skip` names kinds of hostile bodies, of misbehaving clients and of faults that are left out."""

    minutes: float
    seed: str
    skip: frozenset[str] = frozenset()


@dataclass
class Run:
    """A worker, its callers, and what is known of them."""

    options: Options
    folders: RunFolders
    server: Server
    record: RunRecord
    health: Health
    honest: HonestClients
    hostile: HostileClients
    misbehaving: MisbehavingClients
    secrets: Planted
    usage: UsageSeries = field(default_factory=UsageSeries)
    is_over: bool = False

    def _chance(self, role: str) -> random.Random:
        return random.Random(f"{self.options.seed}:{role}")

    async def go(self) -> None:
        """Warm up, soak, and check."""
        watching = [asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._tidy())]
        try:
            for number in range(2):
                await self.honest.serve_each(self._chance(f"warm-up {number}"))
            await wait_until_idle(self.server)
            before = look(self.server, self.folders)
            await self._use_everything_once()
            sampling = asyncio.ensure_future(self._sample())
            await self._soak()
            sampling.cancel()
            if self.is_over:
                return
            check_faults(self.record)
            await check_resources(self.server, self.folders, before, self.record)
            await self.honest.serve_each(self._chance("after the run"))
        finally:
            for task in watching:
                task.cancel()
        self._check_secrets()
        self.health.is_closing = True
        await check_end(self.server, self.folders, self.record)

    async def _soak(self) -> None:
        """Run all callers and faults to the end, or until the server has died."""
        planned = time.monotonic() + 60 * self.options.minutes
        end = RunEnd(planned, lambda: not missing_faults(self.record))
        callers: tuple[tuple[str, int, Any, Mapping[str, int]], ...] = (
            ("honest", HONEST, self.honest.keep_sending, dict.fromkeys(self.honest.jobs.kinds(), 1)),
            ("hostile", HOSTILE, self.hostile.keep_sending, self.hostile.bodies.weights),
            ("misbehaving", MISBEHAVING, self.misbehaving.keep_going, dict.fromkeys(self.misbehaving.kinds(), 1)),
        )
        acts = inject_faults(
            self.server,
            self.folders,
            self.record,
            self._chance,
            skip=self.options.skip,
            length_s=60 * self.options.minutes,
            end=end,
        )
        for role, count, send, weights in callers:
            chosen = {name: weight for name, weight in weights.items() if name not in self.options.skip}
            in_turn = ShuffledKinds(chosen, self._chance(role))
            acts += [send(in_turn, self._chance(f"{role} {n}"), end) for n in range(count) if chosen]
        await self._run_all(acts)

    async def _use_everything_once(self) -> None:
        """Send each hostile body and misbehave in each way once, so that memory has its size of later."""
        chance, skip = self._chance("everything once"), self.options.skip
        at_once = asyncio.Semaphore(HOSTILE)

        async def send(name: str) -> None:
            async with at_once:
                await self.hostile.send(name, chance)

        names = [name for name in self.hostile.bodies.weights if name not in skip]
        ways = [name for name in self.misbehaving.kinds() if name not in skip]
        await self._run_all([*map(send, names), *(self.misbehaving.misbehave(way, chance) for way in ways)])

    async def _run_all(self, acts: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Run all at once, until they have ended or the server has."""
        tasks = [asyncio.ensure_future(act) for act in acts]
        pending = set(tasks)
        while pending and not self.is_over:
            done, pending = await asyncio.wait(pending, timeout=_SAMPLE_S, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _sample(self) -> None:
        while True:
            with suppress(OSError):
                self.usage.samples.append(take_sample(self.server.pid))
            await asyncio.sleep(_SAMPLE_S)

    async def _tidy(self) -> None:
        """Remove what hostile jobs deliver, and what the stand-ins remember."""
        while True:
            await asyncio.sleep(_TIDY_S)
            await asyncio.to_thread(self.folders.remove_outputs, HOSTILE_KEY)
            for remembered in (self.honest.jobs.web.requests, self.honest.jobs.bucket.server.requests):
                del remembered[:-_REMEMBERED]
            del self.honest.jobs.bucket.server.headers[:-_REMEMBERED]

    async def _watch(self) -> None:
        """End the run if the server has ended, or does not respond any more."""
        while not self.is_over:
            await asyncio.sleep(1)
            if self.server.process.poll() is not None:
                self._give_up("dead", f"the server ended with status {self.server.process.returncode}")
            elif self.health.is_stuck:
                now = time.monotonic()
                names = self.health.describe_under_way(self.health.responded - 1, now)
                self.record.is_closed = True
                # The fault handler writes the stacks of all threads into the log.
                self.server.process.send_signal(signal.SIGABRT)
                await asyncio.to_thread(self.server.process.wait)
                stack = read_stack(self.folders.log.read_text(errors="replace"))
                self._give_up("stuck", f"no response for {STUCK_AFTER_S:g} s, in {stack}; under way: {names}")

    def _give_up(self, kind: str, detail: str) -> None:
        self.record.is_closed = False
        self.record.violate(kind, detail)
        self.record.is_closed = self.is_over = True

    def _check_secrets(self) -> None:
        touched = [event for event in self.secrets.find_accesses() if event != "the port was called"]
        if touched:
            self.record.violate("secret", f"somebody opened the folder of the secret: {touched}")
        if leaked := self.secrets.find_leaks(self.folders.log.read_bytes()):
            self.record.violate("secret", f"the log contains {leaked}")


@asynccontextmanager
async def open_run(options: Options) -> AsyncIterator[Run]:
    """Start the worker and all that it talks to."""
    record = RunRecord()
    async with AsyncExitStack() as stack:
        folders = stack.enter_context(open_folders())
        secrets = stack.enter_context(plant_secrets(folders.root / "outside"))
        reference = folders.root / "reference"
        reference.mkdir()
        expected = await asyncio.to_thread(make_expected, folders.data, reference)
        bucket, web = stack.enter_context(open_bucket()), await stack.enter_async_context(open_web())
        web.files["clip.mp4"] = (folders.data / "clip.mp4").read_bytes()
        web.files["list.txt"] = b"file clip.mp4\n" * (_LIST_BYTES // 14)
        stalled = await stack.enter_async_context(open_stalled_peer())
        secret = secrets.canaries.plant_plain("environment")
        server = stack.enter_context(running_worker(folders, **{ENVIRONMENT: secret}))
        health = await stack.enter_async_context(polled_health(server, record))
        session = await stack.enter_async_context(open_session(server.url))
        address = urlsplit(server.url)
        bodies = HostileBodies(secrets, f"{web.url}/plain/list.txt")
        jobs = HonestJobs(folders.data, folders.data_of(HONEST_KEY), web, bucket, expected)
        yield Run(
            options,
            folders,
            server,
            record,
            health,
            HonestClients(session, jobs, record),
            HostileClients(session, bodies, secrets, record),
            MisbehavingClients(address.hostname or "", address.port or 0, stalled, record),
            secrets,
        )
        check_log(folders.log, record)


async def soak(options: Options) -> Run:
    """Run and judge; the result has all that the report needs."""
    async with open_run(options) as run:
        await run.go()
    for kind, detail in run.usage.problems():
        run.record.violate(kind, detail)
    return run
