"""Decides where work on callers' bytes runs: on the event loop, in a thread, or in a child process of its own.

The event loop serves every caller, so no work on it may take longer than some milliseconds. This is the one place
that chooses:

- Small work runs on the event loop: reading and planning a job of up to `INLINE_BYTES`. Nothing is faster, and
  even a reader whose time grows with the square of its input ends soon.
- Larger work of pure Python runs in a forked child process: reading and planning larger jobs, and parsing large
  files that programs wrote. A thread would not do. Inside a regular expression, a JSON decoder or a validation of
  pydantic it keeps the interpreter's lock until that returns, so the event loop stands still all the same; it
  cannot be stopped when the time of its job is over; and its memory stays with the server. The kernel stops a
  process at any point, and its limits of memory and CPU time hold for it alone.
- Threads are for waiting: reading, writing and copying files, hashing, and unpickling the answers of child
  processes, which lets other threads run between any two objects.

Measured on two busy cores, as the longest time that the event loop stood still: 24 MB of JSON decoded in a
thread, 3.6 s; 10 rows of 24 layers with 700 keyframes read in a thread, 0.8 s; the same in a child process, 0.1 s.

A child process makes one call and ends. It is forked from a preloaded process, confined (no network, no files but
those of its job), and runs this package's own code over text; decoders of media run in other processes. So its
answer is trusted as much as the same code in the server would be.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from ffmpeg_worker.errors import EngineKilled, EngineTimedOut, InvalidJob, WorkerError
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.compute_calls import EXIT_MEMORY, make_packed_plan, read_in_time
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_body
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import PIPE, Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.jail import Jail

T = TypeVar("T")

OPEN_AFTER_S = 10.0
"""Seconds after the start of a worker in which its first jobs have the processors for themselves."""
INLINE_BYTES = 8 << 10
"""Work on at most this much text runs on the event loop."""
MAX_REPLY_BYTES = 24 << 20
"""Longest answer of a child process. In memory its objects take some ten times as much."""
MEMORY_BYTES = 512 << 20
"""Memory of a child process, unless its caller needs more."""
_CPU_S = 30
"""CPU seconds of a child process; the largest job that the budgets allow takes a tenth of it."""
_PRELOAD = "ffmpeg_worker.pipeline.compute_program:serve"
_HINT = "Send less in one job: fewer rows, layers, keyframes, inputs or characters."


class Compute:
    """Runs pure functions where they do not hold up the event loop; opened and closed with the worker.

    The process that children are forked from is started by `open` or `open_later`, or with the first call that
    needs one.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        confinement: Callable[[], Confinement | None] = lambda: None,
        default_timeout_s: float = 600.0,
        max_timeout_s: float = 21600.0,
    ) -> None:
        """Set the limits.

        Args:
            processes: children that may run at once; further calls wait, and owners of jobs take turns.
            confinement: makes what every child may access.
            default_timeout_s: seconds for reading a job that names no timeout.
            max_timeout_s: limit of the seconds for reading any job, with the time that it waits for a child.
        """
        self._forks = Spawner(preload=_PRELOAD)
        self._slots = FairSlots(processes)
        self._confinement = confinement
        self._default_timeout_s = default_timeout_s
        self._max_timeout_s = max_timeout_s

    async def open(self) -> None:
        """Start the process that children are forked from; it loads its modules while the worker goes on."""
        await self._forks.open()

    async def open_later(self) -> None:
        """Open after `OPEN_AFTER_S`: loading takes a second of processor time, and few first jobs need it."""
        await asyncio.sleep(OPEN_AFTER_S)
        await self.open()

    async def close(self) -> None:
        """Stop all children."""
        await self._forks.close()

    async def read(self, body: JobBody, machine: Machine, *, owner: str = ANONYMOUS) -> ReadJob[Any]:
        """Read the job in a request body, within the timeout that it names.

        Raises:
            InvalidJob, UnsupportedFeature, ForbiddenOption: see `read_body`.
            EngineTimedOut: it took longer than the job may take.
        """
        size = len(body.content)
        if size <= INLINE_BYTES:
            return read_body(body, machine)
        limits = (self._default_timeout_s, self._max_timeout_s)
        deadline = time.monotonic() + self._max_timeout_s
        return await self.call_apart(deadline, read_in_time, body, machine, *limits, owner=owner)

    async def plan(
        self, read: ReadJob[Any], files: LocalFiles, machine: Machine, deadline: float, *, owner: str = ANONYMOUS
    ) -> Plan:
        """Plan a job whose inputs were fetched.

        Raises:
            WorkerError: see `make_plan` and `call`.
        """
        size = read.body_bytes + sum(len(file.text or "") for file in files.by_key.values())
        if size <= INLINE_BYTES:
            return make_plan(read, files, machine)
        return await self.call_apart(deadline, make_packed_plan, read, files, machine, owner=owner)

    async def call(
        self, size: int, function: Callable[..., T], *args: Any, deadline: float, owner: str = ANONYMOUS
    ) -> T:
        """Return the result of a pure function, which runs on the loop if it works on little.

        Args:
            size: bytes of what callers wrote that the function works on.
            function: module-level function, or method of a value that can be pickled, as can all arguments.
            args: its arguments.
            deadline: time of the monotonic clock at which the function is stopped.
            owner: owner of the job.

        Raises:
            WorkerError: raised by the function.
            InvalidJob: the function needs more memory or CPU time than it may have.
            EngineTimedOut: the deadline is over.
        """
        if size <= INLINE_BYTES:
            return function(*args)
        return await self.call_apart(deadline, function, *args, owner=owner)

    async def call_apart(
        self,
        deadline: float,
        function: Callable[..., T],
        *args: Any,
        owner: str = ANONYMOUS,
        memory_bytes: int = MEMORY_BYTES,
        cpu_s: int | None = None,
        jail: Jail | None = None,
        cwd: Path = Path("/"),
    ) -> T:
        """Return the result of a function that runs in a child process; see `call`.

        With the `jail` of a job, the function may read the job's files; `cwd` is its working directory.
        """
        cpu_s = cpu_s or _CPU_S
        confinement = self._confinement() if jail is None else jail.for_probe(cpu_s)
        async with _until(deadline), self._slots.slot(owner, owner):
            request = await asyncio.to_thread(_pickle, ((memory_bytes, cpu_s), (function, args)))
            answer: T | WorkerError = await self._run(request, cwd, confinement)
        if isinstance(answer, WorkerError):
            raise answer
        return answer

    async def _run(self, request: bytes, cwd: Path, confinement: Confinement | None) -> Any:
        reply, notes = bytearray(), LogTail()
        child = await self._forks.start(
            (),
            cwd=cwd,
            env=make_child_environment({}),
            stdin=PIPE,
            outputs={1: Output(reply.extend, MAX_REPLY_BYTES), 2: Output(notes.feed, MAX_LOG_BYTES)},
            confinement=confinement,
        )
        try:
            if child.stdin is not None:
                child.stdin.write(request)
                child.stdin.end()
            end = await child.wait()
        finally:
            await child.stop(0)
        if end.code != 0 or child.overflowed is not None:
            raise _describe_failure(child, end, notes.text)
        return await asyncio.to_thread(pickle.loads, bytes(reply))


def _pickle(values: tuple[Any, ...]) -> bytes:
    return b"".join(pickle.dumps(value, pickle.HIGHEST_PROTOCOL) for value in values)


@asynccontextmanager
async def _until(deadline: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), 0.001)):
            yield
    except TimeoutError:
        raise _timed_out() from None


def _describe_failure(child: Child, end: Exit, notes: str) -> Exception:
    if end.signal == signal.SIGALRM:
        return _timed_out()
    if child.overflowed is not None or end.code == EXIT_MEMORY or end.signal == signal.SIGABRT:
        return _too_complex("memory")
    if end.signal == signal.SIGXCPU:
        return _too_complex("processor time")
    if end.signal == signal.SIGKILL:
        return EngineKilled(
            "The process that read or planned the job was killed from outside, usually because memory ran out.",
            hint="Try again.",
        )
    return RuntimeError(f"a child process failed: {end}\n{notes}")


def _too_complex(what: str) -> InvalidJob:
    return InvalidJob(
        f"Reading and planning the job takes more {what} than a job may use for that.",
        code="job_too_complex",
        hint=_HINT,
    )


def _timed_out() -> EngineTimedOut:
    return EngineTimedOut(
        "The time for the job was used up while it was read or planned.",
        hint=f'Allow more with "timeout". {_HINT}',
    )
