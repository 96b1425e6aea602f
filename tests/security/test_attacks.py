"""Every attack of the tables, run against each protection alone, against all of them, and against none.

All are run against all protections together. Where one run of an attack is much like another (one protection, the
sandboxes of other machines, no protection at all), a part of the attacks is run, another part for each;
`FULL_CORPUS=1` runs all.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.sandbox.level import SandboxSupport
from ffmpeg_worker.sandbox.sandbox import Sandbox
from ffmpeg_worker.sandbox.users import JobUsers
from security.attacks import code, hostile_files, inputs, network, options, outputs
from security.attacks.attack import Attack
from support.attacks.attack_files import share_attacker_files
from support.attacks.sandboxes import LIMITS, MACHINE, WITHOUT_LANDLOCK, needs_sandbox, open_users
from support.attacks.targets import AttackTarget, Attempt, open_attack_target
from support.extent import IS_FULL

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
ONE_OF = {"policy": 3, "sandbox": 3, "worker's user": 6, "root of its own": 6, "nothing": 6}
"""Columns of the report that run one of so many attacks."""
HARMLESS = Attack("no attack", "-i tiny.mp4 -vf drawtext=text=x -c:v libx264 o.mp4")
AT_ONCE = 3
Try = Callable[[AttackTarget, Attack], Awaitable[Attempt]]
Results = dict[str, Attempt]
Report = dict[str, Results]


@pytest.fixture(scope="module")
def attacker_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return share_attacker_files(tmp_path_factory)


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Attempts by protection; printed at the end: X succeeded, r refused before a program started, . failed."""
    columns: Report = {}
    yield columns
    plugins = request.config.pluginmanager
    terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if terminal is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            for line in _table(columns, is_long=request.config.get_verbosity() > 0):
                terminal.write_line(line)


def _table(columns: Report, *, is_long: bool) -> Iterator[str]:
    yield ""
    yield f"{'attacks that succeed':56}" + "".join(f"{title:>18}" for title in columns)
    if is_long:
        for name in ATTACKS:
            marks = (column[name].mark if name in column else "" for column in columns.values())
            yield f"{name[:56]:56}" + "".join(f"{mark:>18}" for mark in marks)
    totals = (f"{len(succeeded(column))} of {len(column)}" for column in columns.values())
    yield f"{'':56}" + "".join(f"{total:>18}" for total in totals)


def succeeded(results: Results) -> dict[str, tuple[str, ...]]:
    return {name: attempt.effects for name, attempt in results.items() if attempt.effects}


@asynccontextmanager
async def open_targets(
    attacker_files: Path, *, option_policy: str, sandbox: str
) -> AsyncIterator[list[AttackTarget]]:
    """Open several targets, so that attacks run concurrently."""
    async with AsyncExitStack() as stack:
        opening = (
            open_attack_target(attacker_files, option_policy=option_policy, sandbox=sandbox)
            for _ in range(AT_ONCE)
        )
        yield [await stack.enter_async_context(target) for target in opening]


async def try_all(
    targets: list[AttackTarget], attempt: Try, *, only_real: bool = False, column: str | None = None
) -> Results:
    """Run every attack once, or those of a column, after a harmless command that must succeed.

    `only_real` leaves out inert attacks: one that fails without protection says nothing about a single protection.
    """
    waiting = [
        (name, attack)
        for number, (name, attack) in enumerate(ATTACKS.items())
        if not (only_real and attack.inert) and is_taken(number, column)
    ]
    results: Results = {}

    async def work(target: AttackTarget) -> None:
        assert await attempt(target, HARMLESS) == Attempt(())
        while waiting:
            name, attack = waiting.pop(0)
            results[name] = await attempt(target, attack)
            # Other processes send datagrams too: the attack counts if the effect appears every time.
            for _ in range(3 if "nobody" in attack.places else 0):
                if results[name].effects:
                    results[name] = await attempt(target, attack)

    await asyncio.gather(*map(work, targets))
    return results


def is_taken(number: int, column: str | None) -> bool:
    """Whether an attack is run for a column; each takes others."""
    return IS_FULL or column is None or (number + [*ONE_OF].index(column)) % ONE_OF[column] == 0


async def as_job(target: AttackTarget, attack: Attack) -> Attempt:
    return await target.run_as_job(attack)


async def both_ways(target: AttackTarget, attack: Attack) -> Attempt:
    """Run an attack as a job and, if that fails, with arguments that the worker does not change."""
    job = await target.run_as_job(attack)
    if job.effects:
        return job
    raw = await target.run_directly(attack)
    return raw if raw.effects or not job.why else Attempt((), job.refused, f"{job.why} | {raw.why}")


async def test_no_attack_succeeds_against_policy_and_sandbox(attacker_files: Path, report: Report) -> None:
    async with open_targets(attacker_files, option_policy="on", sandbox="require") as targets:
        results = report["policy, sandbox"] = await try_all(targets, as_job)
    assert succeeded(results) == {}


async def test_no_attack_succeeds_against_the_sandbox(attacker_files: Path, report: Report) -> None:
    async with open_targets(attacker_files, option_policy="off", sandbox="require") as targets:
        results = report["sandbox"] = await try_all(targets, both_ways, only_real=True, column="sandbox")
    assert succeeded(results) == {}


@pytest.mark.parametrize("kind", ["worker's user", "root of its own"])
async def test_no_attack_succeeds_against_the_sandbox_of_other_machines(
    attacker_files: Path, report: Report, kind: str
) -> None:
    machine = replace(MACHINE, no_users="tested") if kind == "worker's user" else WITHOUT_LANDLOCK
    if machine.missing:
        pytest.skip(f"not available on this machine: {machine.missing}")
    with nullcontext(None) if machine.no_users else open_users() as users:
        async with open_targets(attacker_files, option_policy="off", sandbox="require") as targets:
            sandboxes = {id(target): _sandbox(machine, users, target) for target in targets}
            results = report[kind] = await try_all(
                targets,
                lambda target, attack: target.run_directly(attack, sandboxes[id(target)]),
                only_real=True,
                column=kind,
            )
    assert succeeded(results) == {}


def _sandbox(machine: SandboxSupport, users: JobUsers | None, target: AttackTarget) -> Sandbox:
    sandbox = Sandbox("require", machine, limits=LIMITS, cores=2, users=users)
    sandbox.allow_programs(find_ffmpeg(None))
    sandbox.prepare_root(target.worker.services.resources.scratch.root)
    return sandbox


async def test_no_attack_by_arguments_succeeds_against_the_policy(attacker_files: Path, report: Report) -> None:
    """Some hostile files need the sandbox; `sandbox_only` says why."""
    async with open_targets(attacker_files, option_policy="on", sandbox="off") as targets:
        results = report["policy"] = await try_all(targets, as_job, only_real=True, column="policy")
    assert {n: signs for n, signs in succeeded(results).items() if not ATTACKS[n].sandbox_only} == {}


async def test_every_attack_succeeds_without_protection(attacker_files: Path, report: Report) -> None:
    """All attacks succeed except the inert ones; `inert` says why."""
    async with open_targets(attacker_files, option_policy="off", sandbox="off") as targets:
        results = report["nothing"] = await try_all(targets, both_ways, column="nothing")
    failed = {n: attempt.why for n, attempt in results.items() if not ATTACKS[n].inert and not attempt.effects}
    stale = {n: attempt.effects for n, attempt in results.items() if ATTACKS[n].inert and attempt.effects}
    assert len(results) > len(ATTACKS) / 7
    assert (failed, stale) == ({}, {})


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler")
async def test_the_attackers_library_runs_where_home_is_the_attackers_folder(attacker_files: Path) -> None:
    async with open_attack_target(attacker_files, option_policy="off", sandbox="off") as target:
        attempt = await target.run_directly(code.PLUGIN_OF_HOME, at_home=True)
    assert attempt.effects
