"""A hostile program runs in place of a job's FFmpeg, and every attack it tries fails."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.attacks.confined_program import (
    CANNOT_BE_DENIED,
    MACHINES,
    NOT_EVERYWHERE,
    Report,
    attack,
    open_surroundings,
)
from support.attacks.hostile_program import attempts
from support.attacks.sandboxes import needs_sandbox, open_jail

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

ALLOWED = {"write its own folder", "read its input", "make a file in memory"}
NAMES = tuple(attempts({"victim": 0, "secrets": "/", "other_job": "/", "input": "/"}))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unconfined() -> AsyncIterator[Report]:
    with open_surroundings() as (job, orders), open_jail(job) as (_, _, lane):
        yield await attack(lane, orders | {"skipped": []}, None)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=MACHINES)
async def confined(request: pytest.FixtureRequest) -> AsyncIterator[Report]:
    kind = request.param
    machine, own_user = MACHINES[kind]
    if kind == "a user of its own" and machine.no_users:
        pytest.skip(f"no users for jobs: {machine.no_users}")
    if machine.missing:
        pytest.skip(f"no root for jobs: {machine.missing}")
    with (
        open_surroundings() as (job, orders),
        open_jail(job, own_user=own_user, machine=machine) as (_, jail, lane),
    ):
        skipped = CANNOT_BE_DENIED[kind]
        report = await attack(lane, orders | {"skipped": [*skipped]}, jail.for_command(lane, 30))
        yield report | dict.fromkeys(skipped, "-")


@pytest.mark.parametrize("name", NAMES)
async def test_attacks_of_a_compromised_program(confined: Report, unconfined: Report, name: str) -> None:
    if name in ALLOWED:
        assert confined[name] is None
        return
    assert confined[name] is not None
    if name not in NOT_EVERYWHERE and os.geteuid() == 0:
        # The attack itself works: without the sandbox it succeeds.
        assert unconfined[name] is None
