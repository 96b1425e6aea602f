"""Every attack of the tables against every wall on its own, all of them together, and none."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.sandbox.level import SandboxSupport
from ffmpeg_worker.sandbox.sandbox import Sandbox
from ffmpeg_worker.sandbox.users import JobUsers
from security.attacks import code, hostile_files, inputs, network, options, outputs
from security.attacks.attack import Attack
from support.attacks.fixtures import make_kit, open_ground
from support.attacks.sandboxes import FIRST_UID, LIMITS, MACHINE, WITHOUT_LANDLOCK, needs_sandbox
from support.attacks.targets import Attempt, World, open_world

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
HARMLESS = Attack("no attack", "-i tiny.mp4 -vf drawtext=text=x -c:v libx264 o.mp4")
AT_ONCE = 3
Try = Callable[[World, Attack], Awaitable[Attempt]]
Results = dict[str, Attempt]


@pytest.fixture(scope="module")
def kit() -> Iterator[Path]:
    with open_ground() as folder:
        yield make_kit(folder / "kit")


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[dict[str, Results]]:
    """Told at the end: X got through, r refused before a program was started, . came to nothing."""
    columns: dict[str, Results] = {}
    yield columns
    plugins = request.config.pluginmanager
    terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if terminal is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            for line in _table(columns, is_long=request.config.get_verbosity() > 0):
                terminal.write_line(line)


def _table(columns: dict[str, Results], *, is_long: bool) -> Iterator[str]:
    yield ""
    yield f"{'attacks that get through':56}" + "".join(f"{title:>18}" for title in columns)
    if is_long:
        for name in ATTACKS:
            marks = (column[name].mark if name in column else "" for column in columns.values())
            yield f"{name[:56]:56}" + "".join(f"{mark:>18}" for mark in marks)
    totals = (f"{len(got_through(column))} of {len(column)}" for column in columns.values())
    yield f"{'':56}" + "".join(f"{total:>18}" for total in totals)


def got_through(results: Results) -> dict[str, tuple[str, ...]]:
    return {name: attempt.signs for name, attempt in results.items() if attempt.signs}


@asynccontextmanager
async def open_worlds(kit: Path, *, option_policy: str, sandbox: str) -> AsyncIterator[list[World]]:
    """Several side by side; a harmless command works in each."""
    async with AsyncExitStack() as stack:
        opening = (open_world(kit, option_policy=option_policy, sandbox=sandbox) for _ in range(AT_ONCE))
        yield [await stack.enter_async_context(world) for world in opening]


async def try_all(worlds: list[World], attempt: Try, *, only_real: bool = False) -> Results:
    """Each world has one attack at a time. `only_real`: without those that come to nothing anyway."""
    waiting = [(name, attack) for name, attack in ATTACKS.items() if not (only_real and attack.inert)]
    results: Results = {}

    async def work(world: World) -> None:
        assert await attempt(world, HARMLESS) == Attempt(())
        while waiting:
            name, attack = waiting.pop(0)
            results[name] = await attempt(world, attack)
            # Others send datagrams too: only what happens again and again was this one.
            for _ in range(3 if "nobody" in attack.places else 0):
                if results[name].signs:
                    results[name] = await attempt(world, attack)

    await asyncio.gather(*map(work, worlds))
    return results


async def by_job(world: World, attack: Attack) -> Attempt:
    return await world.by_job(attack)


async def both_ways(world: World, attack: Attack) -> Attempt:
    """As a job, and past what the worker makes of its arguments."""
    job = await world.by_job(attack)
    if job.signs:
        return job
    raw = await world.directly(attack)
    return raw if raw.signs or not job.why else Attempt((), job.refused, f"{job.why} | {raw.why}")


async def test_all_walls(kit: Path, report: dict[str, Results]) -> None:
    async with open_worlds(kit, option_policy="on", sandbox="require") as worlds:
        results = report["policy, sandbox"] = await try_all(worlds, by_job)
    assert got_through(results) == {}


async def test_the_sandbox_alone(kit: Path, report: dict[str, Results]) -> None:
    async with open_worlds(kit, option_policy="off", sandbox="require") as worlds:
        results = report["sandbox"] = await try_all(worlds, both_ways)
    assert got_through(results) == {}


@pytest.mark.parametrize("kind", ["worker's user", "root of its own"])
async def test_the_sandbox_of_other_machines_alone(kit: Path, report: dict[str, Results], kind: str) -> None:
    machine = replace(MACHINE, no_users="tested") if kind == "worker's user" else WITHOUT_LANDLOCK
    if machine.missing:
        pytest.skip(f"cannot be had here: {machine.missing}")
    users = None if machine.no_users else JobUsers(FIRST_UID)
    async with open_worlds(kit, option_policy="off", sandbox="require") as worlds:
        sandboxes = {id(world): _sandbox(machine, users, world) for world in worlds}
        results = report[kind] = await try_all(
            worlds, lambda world, attack: world.directly(attack, sandboxes[id(world)]), only_real=True
        )
    if users is not None:
        users.close()
    assert got_through(results) == {}


def _sandbox(machine: SandboxSupport, users: JobUsers | None, world: World) -> Sandbox:
    sandbox = Sandbox("require", machine, limits=LIMITS, cores=2, users=users)
    sandbox.admit_programs(find_ffmpeg(None))
    sandbox.furnish(world.worker.services.resources.scratch.root)
    return sandbox


async def test_the_policy_alone(kit: Path, report: dict[str, Results]) -> None:
    """It holds against all arguments; some hostile files need the sandbox, and say why."""
    async with open_worlds(kit, option_policy="on", sandbox="off") as worlds:
        results = report["policy"] = await try_all(worlds, by_job)
    assert {n: signs for n, signs in got_through(results).items() if not ATTACKS[n].sandbox_only} == {}


async def test_nothing_in_the_way(kit: Path, report: dict[str, Results]) -> None:
    """The attacks are right: each gets through, but for those that say why not."""
    async with open_worlds(kit, option_policy="off", sandbox="off") as worlds:
        results = report["nothing"] = await try_all(worlds, both_ways)
    failed = {n: results[n].why for n, attack in ATTACKS.items() if not attack.inert and not results[n].signs}
    stale = {n: results[n].signs for n, attack in ATTACKS.items() if attack.inert and results[n].signs}
    assert (failed, stale) == ({}, {})


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler")
async def test_the_planted_library_does_run_where_home_is_the_attacker_s(kit: Path) -> None:
    async with open_world(kit, option_policy="off", sandbox="off") as world:
        attempt = await world.directly(code.PLUGIN_OF_HOME, at_home=True)
    assert attempt.signs
