"""A program that somebody has taken over, run as a job's FFmpeg is: it gets nowhere."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.ffmpeg.captured import run_captured
from ffmpeg_worker.ffmpeg.child import Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from support.sandboxes import MACHINE, WITHOUT_LANDLOCK, needs_sandbox, open_jail
from support.taken_over import VARIABLE, attempts

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

Report = dict[str, str | None]
ALLOWED = {"write its own folder", "read its input", "make a file in memory"}
# Some kernels lack the module, and containers keep some things to themselves.
NOT_EVERYWHERE = {
    "open a crypto socket",
    "open a vsock",
    "connect by multipath TCP",
    "make a namespace",
    "be spared when memory runs out",
    "make a device",
}
# Root is what the worker's user is already; without Landlock a job may do in its folder what files allow.
CANNOT_BE_DENIED: dict[str, set[str]] = {
    "a user of its own": set(),
    "the worker's user": {"become root"},
    "a root of its own": {"make a symbolic link", "make a pipe", "run a file of its own"},
}
NAMES = tuple(attempts({"victim": 0, "secrets": "/", "other_job": "/", "input": "/"}))


@contextmanager
def _world() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A job's folder, and around it what is to be attacked: secrets, another job, servers, a process."""
    with ExitStack() as stack:
        # Passable for everybody, so that nothing but the sandbox is in the way.
        world = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ffmpeg-worker-world-")))
        world.chmod(0o755)
        secrets, other, job = (world / name for name in ("secrets", "other", "cell/job"))
        for folder in (secrets, other, job):
            folder.mkdir(parents=True)
        secrets.chmod(0o777)
        for name, mode in (("open", 0o666), ("closed", 0o600), ("spare", 0o666)):
            (secrets / name).write_bytes(b"secret")
            (secrets / name).chmod(mode)
        (other / "secret").write_bytes(b"secret")
        tcp, udp, unix, abstract = (
            stack.enter_context(socket.socket(family, kind))
            for family, kind in (
                (socket.AF_INET, socket.SOCK_STREAM),
                (socket.AF_INET, socket.SOCK_DGRAM),
                (socket.AF_UNIX, socket.SOCK_STREAM),
                (socket.AF_UNIX, socket.SOCK_STREAM),
            )
        )
        for server, address in ((tcp, ("127.0.0.1", 0)), (udp, ("127.0.0.1", 0))):
            server.bind(address)
        unix.bind(str(world / "socket"))
        (world / "socket").chmod(0o777)
        abstract.bind(f"\0{world}")
        for server in (tcp, unix, abstract):
            server.listen(8)
        victim = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        )
        stack.callback(victim.kill)
        yield (
            job,
            {
                "victim": victim.pid,
                "secrets": str(secrets),
                "other_job": str(other),
                "input": "../_in/input",
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "unix": str(world / "socket"),
                "abstract": str(world),
            },
        )


async def _attack(cwd: Path, orders: dict[str, Any], confinement: Confinement | None) -> Report:
    async with Spawner(preload="support.taken_over:serve") as spawner:
        run = await run_captured(
            spawner,
            (),
            cwd=cwd,
            env={VARIABLE: json.dumps(orders)},
            timeout_s=30,
            confinement=confinement,
        )
    assert run.exit.code == 0, run.log.text
    report: Report = json.loads(run.stdout)
    return report


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unconfined() -> AsyncIterator[Report]:
    with _world() as (job, orders), open_jail(job) as (_, _, lane):
        yield await _attack(lane, orders | {"skipped": []}, None)


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["a user of its own", "the worker's user", "a root of its own"]
)
async def confined(request: pytest.FixtureRequest) -> AsyncIterator[Report]:
    kind = request.param
    machine = WITHOUT_LANDLOCK if kind == "a root of its own" else MACHINE
    if kind == "a user of its own" and machine.no_users:
        pytest.skip(f"no users for jobs: {machine.no_users}")
    if machine.missing:
        pytest.skip(f"no root for jobs: {machine.missing}")
    own_user = kind != "the worker's user"
    with _world() as (job, orders), open_jail(job, own_user=own_user, machine=machine) as (_, jail, lane):
        skipped = CANNOT_BE_DENIED[kind]
        report = await _attack(lane, orders | {"skipped": [*skipped]}, jail.for_command(lane, 30))
        yield report | dict.fromkeys(skipped, "-")


@pytest.mark.parametrize("name", NAMES)
async def test_what_a_taken_over_program_tries(confined: Report, unconfined: Report, name: str) -> None:
    if name in ALLOWED:
        assert confined[name] is None
        return
    assert confined[name] is not None
    if name not in NOT_EVERYWHERE and os.geteuid() == 0:
        # The attempt itself is right: without the sandbox it succeeds.
        assert unconfined[name] is None
