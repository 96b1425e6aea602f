"""A target for attacks: an application's folder, another job, decoy servers and a worker that runs them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineError, WorkerError
from ffmpeg_worker.ffmpeg.run_ffmpeg import run_ffmpeg
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.sandbox.sandbox import Sandbox
from security.attacks.attack import Attack, Places
from support.attacks.attack_files import (
    empty_folder,
    open_public_folder,
    write_attack_files,
    write_victim_files,
)
from support.attacks.detectors import (
    CANARY,
    DecoyServers,
    FolderWatch,
    datagrams_sent,
    find_free_port,
    find_leaks,
    is_bound,
    open_decoy_servers,
)
from support.processes import children_of
from support.wait_until import until_async
from support.worker import Worker, open_worker

_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")


@dataclass(frozen=True)
class Attempt:
    """The outcome of an attack.

    `effects` are what it reached outside its own job, none if it failed; `refused` is true if no program was
    started; `why` is the worker's error.
    """

    effects: tuple[str, ...]
    refused: bool = False
    why: str = ""

    @property
    def mark(self) -> str:
        """One character for a table."""
        return "X" if self.effects else "r" if self.refused else "."


class AttackTarget:
    """Runs attacks one after the other, each against victims that are as they were at first."""

    def __init__(
        self,
        root: Path,
        attacker_files: Path,
        worker: Worker,
        servers: DecoyServers,
        watch: FolderWatch,
        places: Places,
    ) -> None:
        self.worker = worker
        self._attacker_files = attacker_files
        self._servers = servers
        self._watch = watch
        self._places = places
        self._app = root / "app"
        self._other: Path | None = None
        self._other_job = ExitStack()

    async def run_as_job(
        self, attack: Attack, job: dict[str, Any] | Callable[[Places], dict[str, Any]] | None = None
    ) -> Attempt:
        """Run the attack as a job, `process` unless another is given; its files are in the data root."""
        places = await self._restore(attack)
        write_attack_files(attack, self._attacker_files, self.worker.data, places)
        given = job(places) if callable(job) else job
        chosen = given or {"action": "process", "data": {"chainCmds": [attack.tokens(places)]}}
        return await self._attempt(attack, places, self._run_job({**chosen, "timeout": attack.timeout_s}, attack))

    async def run_directly(
        self, attack: Attack, sandbox: Sandbox | None = None, *, at_home: bool = False
    ) -> Attempt:
        """Run the attack's arguments without the rest of the worker, in its sandbox or another.

        `at_home`: HOME is the attacker's folder.
        """
        chosen = self.worker.services.tools.sandbox if sandbox is None else sandbox
        places = dict(await self._restore(attack))
        with self._workspace("attacker", chosen) as workspace:
            lane = workspace.lane("lane-0")
            places["lane"] = str(lane)
            write_attack_files(attack, self._attacker_files, lane, places)
            workspace.jail.hand_over(lane)
            home = {"HOME": str(lane)} if at_home else {}
            return await self._attempt(attack, places, self._run(attack, places, workspace, lane, home))

    def running_programs(self) -> list[str]:
        """The ids of processes that still run in a job's folder."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if Path(link.readlink()).is_relative_to(self.worker.scratch):
                    found.append(link.parent.name)
        return found

    def close(self) -> None:
        """End the other job."""
        self._other_job.close()
        self._other = None

    async def _run_job(self, job: dict[str, Any], attack: Attack) -> tuple[bytes, WorkerError | None]:
        try:
            result = await self.worker.run(job)
        except WorkerError as error:
            return _text_of(error), error
        return json.dumps(result).encode() + self._new_files(self.worker.data, attack), None

    async def _run(
        self, attack: Attack, places: Places, workspace: Workspace, lane: Path, environment: dict[str, str]
    ) -> tuple[bytes, WorkerError | None]:
        problem = None
        try:
            run = await run_ffmpeg(
                replace(self.worker.services.tools, environment=environment),
                Invocation(tuple(attack.tokens(places))),
                cwd=lane,
                timeout_s=attack.timeout_s,
                capture_stdout=True,
                confinement=workspace.jail.for_command(lane, attack.timeout_s),
            )
            text = run.stdout + run.log.text.encode()
        except WorkerError as error:
            problem, text = error, _text_of(error)
        return text + self._new_files(lane, attack), problem

    def _new_files(self, folder: Path, attack: Attack) -> bytes:
        given = {*attack.files, *(path.name for path in self._attacker_files.iterdir())}
        files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        return b"\n".join(path.read_bytes() for path in files if path.name not in given)

    async def _attempt(self, attack: Attack, places: Places, run: Any) -> Attempt:
        """Run it, and ask all detectors."""
        looks_up_names, listens = "nobody" in attack.places, "listen" in attack.places
        sent = datagrams_sent() if looks_up_names else 0
        listening = asyncio.ensure_future(_wait_until_bound(int(places["listen"]))) if listens else None
        try:
            text, error = await run
        finally:
            if listening is not None:
                listening.cancel()
        await self._servers.settle()
        accesses = self._watch.take_events()
        effects = [*accesses, *self._servers.hits, *find_leaks(text)]
        if listening is not None and listening.done() and not listening.cancelled():
            effects.append("open port")
        if looks_up_names and datagrams_sent() > sent:
            effects.append("asked for a name")
        if any(not access.startswith("read ") for access in accesses):
            self.close()  # the victims' files are not what they were
        refused = error is not None and not isinstance(error, EngineError)
        return Attempt(tuple(dict.fromkeys(effects)), refused, "" if error is None else f"{error.code}: {error}")

    async def _restore(self, attack: Attack) -> Places:
        """Empty the data root, and make the application's folder and another job unless they are untouched."""
        empty_folder(self.worker.data)
        if self._other is None or self._watch.take_events():
            self._make_victims()
        await self._servers.settle()
        self._servers.hits.clear()
        listen = {"listen": str(find_free_port())} if "listen" in attack.places else {}
        return {**self._places, "app": str(self._app), "other": str(self._other), **listen}

    def _make_victims(self) -> None:
        self.close()
        self._app.mkdir(exist_ok=True)
        workspace = self._other_job.enter_context(self._workspace("other", self.worker.services.tools.sandbox))
        self._other = workspace.lane("lane-0")
        for folder in (self._app, self._other):
            write_victim_files(folder, self._attacker_files)
        self._app.chmod(0o777)
        workspace.jail.hand_over(self._other)
        self._watch.watch(self._app, self._other)

    @contextmanager
    def _workspace(self, name: str, sandbox: Sandbox) -> Iterator[Workspace]:
        root = Path(tempfile.mkdtemp(prefix=name, dir=self.worker.services.resources.scratch.root))
        with sandbox.jail(root) as jail:
            try:
                yield Workspace(root, jail)
            finally:
                shutil.rmtree(root)


async def _wait_until_bound(port: int) -> None:
    await until_async(lambda: is_bound(port), within_s=60, poll_s=0.05)


def _text_of(error: WorkerError) -> bytes:
    return f"{json.dumps(error.as_problem())} {error.detail} {error.stderr}".encode()


@asynccontextmanager
async def open_attack_target(
    attacker_files: Path, *, option_policy: str, sandbox: str
) -> AsyncIterator[AttackTarget]:
    """Open one, with a worker of the given settings."""
    async with AsyncExitStack() as stack:
        root = stack.enter_context(open_public_folder())
        servers = await stack.enter_async_context(open_decoy_servers(root / "socket"))
        (root / "held").write_text(CANARY)
        held = stack.enter_context((root / "held").open("rb"))
        os.set_inheritable(held.fileno(), True)
        victim = stack.enter_context(_application())
        before = set(children_of(os.getpid()))
        worker = await stack.enter_async_context(
            open_worker(root, option_policy=option_policy, sandbox=sandbox, min_free_disk_bytes=0)
        )
        spawner = (set(children_of(os.getpid())) - before).pop()
        watch = FolderWatch()
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
            "attacker_files": str(attacker_files),
            "fd": str(held.fileno()),
            "font": str(_FONT),
        }
        target = AttackTarget(root, attacker_files, worker, servers, watch, places)
        stack.callback(target.close)
        yield target


@contextmanager
def _application() -> Iterator[int]:
    """A process of another application, with secrets in its environment and arguments; its id."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, CANARY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"SECRET": CANARY},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()
