"""A place to be attacked: an application's folder, another job, servers, and a worker whose jobs attack them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineError, WorkerError
from ffmpeg_worker.ffmpeg.run_ffmpeg import run_ffmpeg
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.sandbox.sandbox import Sandbox
from security.attacks.attack import Attack, Places
from support.attacks.detectors import (
    TEXT,
    Servers,
    Watch,
    datagrams_sent,
    free_port,
    is_bound,
    leaks,
    open_servers,
)
from support.attacks.fixtures import empty, fill_folder, open_ground, plant
from support.processes import children_of
from support.wait_until import until_async
from support.worker import Worker, open_worker

_SECONDS = 6
_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")


@dataclass(frozen=True)
class Attempt:
    """How an attack ended. `refused`: before any program was started."""

    signs: tuple[str, ...]
    refused: bool = False
    why: str = ""

    @property
    def mark(self) -> str:
        """For a table."""
        return "X" if self.signs else "r" if self.refused else "."


class World:
    """Attacks are tried one after the other, each on untouched ground."""

    def __init__(
        self, root: Path, kit: Path, worker: Worker, servers: Servers, watch: Watch, places: Places
    ) -> None:
        self._root = root
        self._kit = kit
        self.worker = worker
        self._servers = servers
        self._watch = watch
        self._places = places

    async def by_job(
        self, attack: Attack, job: dict[str, Any] | Callable[[Places], dict[str, Any]] | None = None
    ) -> Attempt:
        """The attack as somebody's job, `process` unless another is given; the files lie in the data root."""
        async with self._ground() as places:
            plant(attack, self._kit, self.worker.data, places)
            given = job(places) if callable(job) else job
            chosen = given or {"action": "process", "data": {"chainCmds": [attack.tokens(places)]}}
            return await self._signs(attack, places, self._run_job({**chosen, "timeout": _SECONDS}, attack))

    def programs(self) -> list[str]:
        """The programs that still run in a job's folder."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if Path(link.readlink()).is_relative_to(self.worker.scratch):
                    found.append(link.parent.name)
        return found

    async def _run_job(self, job: dict[str, Any], attack: Attack) -> tuple[bytes, WorkerError | None]:
        try:
            result = await self.worker.run(job)
        except WorkerError as error:
            return _told_by(error), error
        made = self._new_files(self.worker.data, attack)
        return json.dumps(result).encode() + made, None

    def _new_files(self, folder: Path, attack: Attack) -> bytes:
        given = {*attack.files, *(path.name for path in self._kit.iterdir())}
        files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        return b"\n".join(path.read_bytes() for path in files if path.name not in given)

    async def directly(self, attack: Attack, sandbox: Sandbox | None = None, *, at_home: bool = False) -> Attempt:
        """The arguments as they are, in the sandbox (the worker's unless one is given) and past everything else.

        `at_home`: HOME is the attacker's folder.
        """
        chosen = self.worker.services.tools.sandbox if sandbox is None else sandbox
        async with self._ground() as ground, self._workspace("attacker", chosen) as workspace:
            lane = workspace.lane("lane-0")
            places = {**ground, "lane": str(lane)}
            plant(attack, self._kit, lane, places)
            workspace.jail.lend(lane)
            home = {"HOME": str(lane)} if at_home else {}
            return await self._signs(attack, places, self._run(attack, places, workspace, lane, home))

    async def _run(
        self, attack: Attack, places: Places, workspace: Workspace, lane: Path, environment: dict[str, str]
    ) -> tuple[bytes, WorkerError | None]:
        problem = None
        try:
            run = await run_ffmpeg(
                replace(self.worker.services.tools, environment=environment),
                Invocation(tuple(attack.tokens(places))),
                cwd=lane,
                timeout_s=_SECONDS,
                capture_stdout=True,
                confinement=workspace.jail.for_command(lane, _SECONDS),
            )
            told = run.stdout + run.log.text.encode()
        except WorkerError as error:
            problem, told = error, _told_by(error)
        return told + self._new_files(lane, attack), problem

    async def _signs(self, attack: Attack, places: Places, run: Any) -> Attempt:
        """Run it, and see which canaries sing."""
        sent = datagrams_sent()
        listening = asyncio.ensure_future(_bound(int(places["listen"])) if "listen" in attack.places else _never())
        try:
            told, error = await run
        finally:
            listening.cancel()
        await self._servers.settle()
        signs = [*self._watch.take(), *self._servers.hits, *leaks(told)]
        if listening.done() and not listening.cancelled():
            signs.append("open port")
        if "nobody" in attack.places and datagrams_sent() > sent:
            signs.append("asked for a name")
        refused = error is not None and not isinstance(error, EngineError)
        return Attempt(tuple(dict.fromkeys(signs)), refused, "" if error is None else f"{error.code}: {error}")

    @asynccontextmanager
    async def _workspace(self, name: str, sandbox: Sandbox) -> AsyncIterator[Workspace]:
        root = Path(tempfile.mkdtemp(prefix=name, dir=self.worker.services.resources.scratch.root))
        with sandbox.jail(root) as jail:
            try:
                yield Workspace(root, jail)
            finally:
                shutil.rmtree(root)

    @asynccontextmanager
    async def _ground(self) -> AsyncIterator[Places]:
        """Everything anew: the application's folder, and another job at work."""
        empty(self.worker.data)
        app = self._root / "app"
        app.mkdir(exist_ok=True)
        async with self._workspace("other", self.worker.services.tools.sandbox) as workspace:
            other = workspace.lane("lane-0")
            for folder in (app, other):
                fill_folder(folder, self._kit)
            app.chmod(0o777)
            workspace.jail.lend(other)
            self._watch.look_at(app, other)
            await self._servers.settle()
            self._servers.hits.clear()
            yield {**self._places, "app": str(app), "other": str(other), "listen": str(free_port())}


async def _never() -> None:
    await asyncio.Event().wait()


async def _bound(port: int) -> None:
    await until_async(lambda: is_bound(port), within_s=_SECONDS * 2)


def _told_by(error: WorkerError) -> bytes:
    return f"{json.dumps(error.as_problem())} {error.detail} {error.stderr}".encode()


@asynccontextmanager
async def open_world(kit: Path, *, option_policy: str, sandbox: str) -> AsyncIterator[World]:
    """Open one, with a worker of the given settings."""
    async with AsyncExitStack() as stack:
        root = stack.enter_context(open_ground())
        servers = await stack.enter_async_context(open_servers(root / "socket"))
        (root / "held").write_text(TEXT)
        held = stack.enter_context((root / "held").open("rb"))
        os.set_inheritable(held.fileno(), True)
        victim = stack.enter_context(_application())
        before = set(children_of(os.getpid()))
        worker = await stack.enter_async_context(
            open_worker(root, option_policy=option_policy, sandbox=sandbox, min_free_disk_bytes=0)
        )
        spawner = (set(children_of(os.getpid())) - before).pop()
        watch = Watch()
        stack.callback(watch.close)
        places = {
            "up": "../../../..",
            "lane": ".",
            "http": f"http://127.0.0.1:{servers.tcp}",
            "tcp": f"127.0.0.1:{servers.tcp}",
            "port": str(servers.tcp),
            "udp": f"127.0.0.1:{servers.udp}",
            "display": f"127.0.0.1:{servers.tcp - 6000}.0",
            "unix": str(root / "socket"),
            "nobody": "canary.invalid",
            "pid": str(victim),
            "spawner": str(spawner),
            "kit": str(kit),
            "fd": str(held.fileno()),
            "font": str(_FONT),
        }
        yield World(root, kit, worker, servers, watch, places)


@contextmanager
def _application() -> Iterator[int]:
    """Somebody's process, with secrets where processes have them."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, TEXT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"SECRET": TEXT},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()
