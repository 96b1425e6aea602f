"""A spawner whose children run in this process: they write what they are told to, and end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, cast

from ffmpeg_worker.process.child import Exit, Output
from ffmpeg_worker.process.spawner import Spawner


@dataclass(frozen=True)
class Script:
    """What a fake child writes, by descriptor, and how it ends; `hangs`: only when it is stopped."""

    writes: Mapping[int, bytes] = field(default_factory=dict)
    code: int | None = 0
    signal: int | None = None
    hangs: bool = False


class FakeChild:
    """Behaves like `process.child.Child` towards its user."""

    def __init__(self, script: Script, outputs: Mapping[int, Output | int]) -> None:
        self.pid = 1
        self.overflowed: int | None = None
        self.stopped = False
        self.failure: str | None = None
        self.reads = None
        self._ended = asyncio.Event()
        self._exit = Exit(script.code, script.signal, 0.5, 1000)
        for number, data in script.writes.items():
            output = outputs.get(number)
            if isinstance(output, Output):
                if output.max_bytes is not None and len(data) > output.max_bytes:
                    self.overflowed = number
                else:
                    output.feed(data)
        if not script.hangs:
            self._ended.set()

    async def wait(self) -> Exit:
        await self._ended.wait()
        return self._exit

    def kill(self) -> None:
        self.stopped = True
        self.end_by(signal.SIGKILL)

    def end_by(self, number: int) -> None:
        """End by a signal that does not come from the worker."""
        self._exit = Exit(None, number, 0.5, 1000)
        self._ended.set()

    async def stop(self, _grace_s: float = 1.0) -> Exit:
        if not self._ended.is_set():
            self.stopped = True
            self._exit = Exit(255, None, 0.5, 1000)
            self._ended.set()
        return self._exit

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class FakeSpawner:
    """Starts fake children; `scripts` says by the arguments what each one does."""

    def __init__(self, scripts: Callable[[Sequence[str]], Script]) -> None:
        self.commands: list[list[str]] = []
        self.environments: list[Mapping[str, str]] = []
        self.children: list[FakeChild] = []
        self._scripts = scripts

    async def start(
        self, argv: Sequence[str], *, env: Mapping[str, str], outputs: Mapping[int, Output | int], **_: Any
    ) -> FakeChild:
        self.commands.append(list(argv))
        self.environments.append(env)
        self.children.append(FakeChild(self._scripts(argv), outputs))
        return self.children[-1]

    def as_spawner(self) -> Spawner:
        """The double with the type that its users ask for."""
        return cast(Spawner, self)
