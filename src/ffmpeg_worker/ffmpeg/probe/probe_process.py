"""A child process that describes files for one job, one request per line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.pipes import PipeWriter
from ffmpeg_worker.process.spawner import PIPE, Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.tasks import race

PROBE_TIMEOUT_S = 60.0
"""Seconds for one file, with ffprobe or PyAV."""
INDEX_TIMEOUT_S = 600.0
"""Seconds for reading all packets of a file."""
_READS_ALL = frozenset({"about_frames", "wants_index"})
MAX_REPLY_BYTES = 64 << 20
"""Longest description that is read, from ffprobe or PyAV."""


class ProbeProcess:
    """A forked child that describes files one after the other."""

    def __init__(self, child: Child, requests: PipeWriter, replies: asyncio.StreamReader) -> None:
        self._child = child
        self._requests = requests
        self._replies = replies
        self._root = Path("/")
        self._ended = asyncio.ensure_future(child.wait())

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it can describe files."""
        return not self._ended.done()

    @property
    def end(self) -> Exit | None:
        """Exit of the child process; None while it runs, or if the worker stopped it."""
        return None if self.alive or self._child.stopped else self._ended.result()

    def confine(self, confinement: Confinement | None, root: Path) -> None:
        """Confine the child and make paths relative to `root`; must be called before `ask`."""
        message = {"confinement": confinement and confinement.as_message(), "root": str(root)}
        self._requests.write(json.dumps(message).encode() + b"\n")
        self._root = root

    async def ask(self, path: Path, **options: Any) -> dict[str, Any] | None:
        """Send a request about a file, with those of its `options` that are not false; see `answer_requests`.

        Return the reply, or None if the child died (see `end`) or took too long.
        """
        try:
            request = {"path": self._shown(path), **{name: value for name, value in options.items() if value}}
            self._requests.write(json.dumps(request).encode() + b"\n")
            async with asyncio.timeout(INDEX_TIMEOUT_S if _READS_ALL & options.keys() else PROBE_TIMEOUT_S):
                reply = await race(self._replies.readline(), asyncio.shield(self._ended))
            return None if reply is None else json.loads(reply)
        except TimeoutError:
            await self.close()
            return None

    def _shown(self, path: Path) -> str:
        # The job's user may not search the parent directories of its root.
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)

    async def close(self) -> None:
        """Stop the child."""
        await self._child.stop(0)
        await self._ended


async def fork_probe_process(forks: Spawner) -> ProbeProcess:
    """Fork a child from the preloaded process of `forks`.

    Raises:
        EngineUnavailable: the process cannot be started.
    """
    replies = asyncio.StreamReader(MAX_REPLY_BYTES)
    child = await forks.start(
        (),
        cwd=Path("/"),
        env=make_child_environment({}),
        stdin=PIPE,
        outputs={1: Output(replies.feed_data, MAX_REPLY_BYTES)},
    )
    if child.stdin is None:
        raise EngineUnavailable("The embedded probe was started without a pipe.")
    return ProbeProcess(child, child.stdin, replies)
