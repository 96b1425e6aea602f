"""Runs a compromised program in a sandbox, and sets up the files, servers and processes that it attacks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from support.attacks.hostile_program import VARIABLE
from support.attacks.sandboxes import MACHINE, WITHOUT_LANDLOCK

Report = dict[str, str | None]
# Some kernels lack the module, and containers keep some things to themselves.
NOT_EVERYWHERE = {
    "open a crypto socket",
    "open a vsock",
    "connect by multipath TCP",
    "make a namespace",
    "be spared when memory runs out",
    "make a device",
}
# By kind. Root is what the worker's user is already; without Landlock a job may do in its folder what files allow.
MACHINES = {
    "a user of its own": (MACHINE, True),
    "the worker's user": (MACHINE, False),
    "a root of its own": (WITHOUT_LANDLOCK, True),
}
"""Each kind of sandbox: the sandbox support of the machine, and whether jobs have their own users."""
CANNOT_BE_DENIED: dict[str, set[str]] = {
    "a user of its own": set(),
    "the worker's user": {"become root"},
    "a root of its own": {"make a symbolic link", "make a pipe", "run a file of its own"},
}


@contextmanager
def open_surroundings() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Make a job's folder, and targets to attack: secrets, a job, servers, a process; yields folder and orders."""
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


async def attack(
    cwd: Path,
    orders: dict[str, Any],
    confinement: Confinement | None,
    program: str = "support.attacks.hostile_program:serve",
) -> Report:
    """Run the compromised program in `cwd`; returns for each attempt why it failed, or None if it succeeded."""
    async with Spawner(preload=program) as spawner:
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
