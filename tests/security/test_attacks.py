"""Every attack of the tables against every wall on its own, all of them together, and none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.sandbox.launchers import Forked
from ffmpeg_worker.sandbox.sandbox import Sandbox
from security.attacks import code, hostile_files, inputs, network, options, outputs
from security.attacks.attack import Attack
from support.attack_world import Attempt, World, make_kit, open_ground, open_world
from support.sandboxes import LIMITS, MACHINE, WITHOUT_LANDLOCK, needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

TABLES = {
    "inputs": inputs.ATTACKS,
    "options": options.ATTACKS,
    "outputs": outputs.ATTACKS,
    "network": network.ATTACKS,
    "code": code.ATTACKS,
    "files": hostile_files.ATTACKS,
}
ATTACKS = {f"{table}: {attack.name}": attack for table, attacks in TABLES.items() for attack in attacks}
AT_ONCE = 3
Try = Callable[[World, Attack], Awaitable[Attempt]]
Results = dict[str, Attempt]
_REPORT = pytest.StashKey[dict[str, Results]]()


@pytest.fixture(scope="module")
def kit() -> Iterator[Path]:
    with open_ground() as folder:
        yield make_kit(folder / "kit")


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[dict[str, Results]]:
    """Shown when all have been tried: X got through, r refused before a program was started, . came to nothing."""
    columns: dict[str, Results] = {}
    yield columns
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    lines = [f"{'getting through':60}" + "".join(f"{title:>26}" for title in columns)]
    if request.config.getoption("verbose") > 0:
        for name in ATTACKS:
            lines.append(f"{name[:60]:60}" + "".join(f"{column[name].mark:>26}" for column in columns.values()))
    totals = [f"{sum(map(bool, (a.signs for a in c.values())))} of {len(c)}" for c in columns.values()]
    lines.append(f"{'':60}" + "".join(f"{total:>26}" for total in totals))
    if terminal is not None:
        terminal.write("\n" + "\n".join(lines) + "\n")


async def by_job(world: World, attack: Attack) -> Attempt:
    return await world.by_job(attack)


async def directly(world: World, attack: Attack) -> Attempt:
    return await world.directly(attack)


async def with_another_sandbox(world: World, attack: Attack) -> Attempt:
    """Those that other machines have."""
    tries = [await world.directly(attack, sandbox) for sandbox in _other_sandboxes(world)]
    return Attempt(tuple(sign for attempt in tries for sign in attempt.signs), why=tries[0].why)


def _other_sandboxes(world: World) -> Iterator[Sandbox]:
    ffmpeg = find_ffmpeg(None)
    own = Sandbox("require", replace(MACHINE, no_users="none"), Forked(), limits=LIMITS, cores=2)
    own.admit_programs(ffmpeg)
    yield own


async def both_ways(world: World, attack: Attack) -> Attempt:
    """As a job, and past what the worker makes of its arguments."""
    job, raw = await world.by_job(attack), await world.directly(attack)
    return Attempt((*job.signs, *raw.signs), job.refused and not raw.signs, f"{job.why} | {raw.why}")


async def try_all(kit: Path, attempt: Try, *, option_policy: str, sandbox: str) -> Results:
    """Several worlds side by side, each with one attack at a time."""
    waiting = list(ATTACKS.items())
    results: Results = {}

    async def work(world: World) -> None:
        while waiting:
            name, attack = waiting.pop(0)
            results[name] = await attempt(world, attack)
            if "nobody" in attack.places:
                await _doubt(world, attack, attempt, results, name)

    async with AsyncExitStack() as stack:
        opening = (open_world(kit, option_policy=option_policy, sandbox=sandbox) for _ in range(AT_ONCE))
        worlds = [await stack.enter_async_context(world) for world in opening]
        await asyncio.gather(*map(work, worlds))
    return results


async def _doubt(world: World, attack: Attack, attempt: Try, results: Results, name: str) -> None:
    """Others send datagrams too: only what happens again and again was this one."""
    for _ in range(3):
        if results[name].signs:
            results[name] = await attempt(world, attack)


def got_through(results: Results) -> dict[str, tuple[str, ...]]:
    return {name: attempt.signs for name, attempt in results.items() if attempt.signs}


async def test_all_walls(kit: Path, report: dict[str, Results]) -> None:
    report["policy and sandbox"] = await try_all(kit, by_job, option_policy="on", sandbox="require")
    assert got_through(report["policy and sandbox"]) == {}


async def test_the_sandbox_alone(kit: Path, report: dict[str, Results]) -> None:
    report["sandbox alone"] = await try_all(kit, both_ways, option_policy="off", sandbox="require")
    assert got_through(report["sandbox alone"]) == {}


async def test_the_policy_alone(kit: Path, report: dict[str, Results]) -> None:
    report["policy alone"] = await try_all(kit, by_job, option_policy="on", sandbox="off")
    expected = {name for name, attack in ATTACKS.items() if attack.sandbox_only}
    assert {name: signs for name, signs in got_through(report["policy alone"]).items() if name not in expected} == {}


async def test_nothing_in_the_way(kit: Path, report: dict[str, Results]) -> None:
    """The attacks are right: without walls each succeeds, but for those that say why not."""
    report["nothing"] = await try_all(kit, both_ways, option_policy="off", sandbox="off")
    results = report["nothing"]
    failed = {name: results[name].why for name, attack in ATTACKS.items() if not attack.inert and not results[name].signs}
    stale = {name: results[name].signs for name, attack in ATTACKS.items() if attack.inert and results[name].signs}
    assert (failed, stale) == ({}, {})
