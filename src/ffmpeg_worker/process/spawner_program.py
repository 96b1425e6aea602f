"""The program that starts every child process of the worker, and kills them all when the worker ends.

It runs in a process of its own, uses the standard library only, and exchanges messages (see wire.py) with
`Spawner` over a Unix stream socket, its standard input. Descriptors are passed along with their message, in order.

    worker → spawner   {"do": "start", "id", "argv", "cwd", "env", "confinement", "descriptors": count}
                       {"do": "kill", "id", "signal"}
    spawner → worker   {"id", "is": "started", "pid"}
                       {"id", "is": "failed", "reason"}
                       {"id", "is": "ended", "status" (negative: a signal), "cpu_seconds", "max_rss_bytes"}

The passed descriptors become 0, 1, 2 … of the child. With an empty `argv` the child calls the preloaded function
with its standard input and output as binary files, then exits. With a `confinement` it first gives up all access
that the confinement does not name.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
from collections import deque

from ffmpeg_worker.process.child_setup import Serve, become_child, find_handled_signals
from ffmpeg_worker.process.wire import Message, MessageReader, encode_message
from ffmpeg_worker.sandbox.apply_confinement import PreparedConfinement
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.kernel import fork

MAX_DESCRIPTORS = 64
_CHUNK_BYTES = 65536
_BACKGROUND_NICENESS = 5
_BACKGROUND_OOM_SCORE = 500
# macOS reports the resident set in bytes, other systems in KiB.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class SpawnerProgram:
    """Executes the messages of the worker, reports ended children, and kills all when the worker ends."""

    def __init__(self, control: socket.socket, serve: Serve | None) -> None:
        self._control = control
        self._serve = serve
        self._reader = MessageReader()
        self._descriptors: deque[int] = deque()
        self._pid_of: dict[int, int] = {}
        self._id_of: dict[int, int] = {}
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Run until the worker closes its end of the socket or dies."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        find_handled_signals()
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        # Every child shares the present objects; a garbage collection in a child would copy them page by page.
        gc.collect()
        gc.freeze()
        try:
            while self._step(poll):
                pass
        except OSError:  # the worker is gone
            pass
        finally:
            self._kill_all()

    def _step(self, poll: select.poll) -> bool:
        for descriptor, _ in poll.poll():
            if descriptor == self._wake:
                os.read(self._wake, 4096)
                self._reap()
            elif not self._handle_messages():
                return False
        return True

    def _handle_messages(self) -> bool:
        chunk, descriptors, _, _ = socket.recv_fds(self._control, _CHUNK_BYTES, MAX_DESCRIPTORS)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        self._descriptors.extend(descriptors)
        for message in self._reader.feed(chunk):
            if message["do"] == "start":
                self._start(message)
            elif (pid := self._pid_of.get(message["id"])) is not None:
                kill_group(pid, message["signal"])
        return bool(chunk)

    def _start(self, request: Message) -> None:
        given = [self._descriptors.popleft() for _ in range(request["descriptors"])]
        report, reporter = os.pipe()
        try:
            pid = self._fork(request, given, reporter)
        except OSError as error:
            os.close(reporter)
            pid, reason = 0, str(error).encode()
        else:
            os.close(reporter)
            # Ends when the child's program is loaded, so its process group exists before any request to kill it.
            reason = os.read(report, 4096)
        finally:
            for descriptor in (report, *given):
                os.close(descriptor)
        if not reason:
            self._pid_of[request["id"]], self._id_of[pid] = pid, request["id"]
            self._send({"id": request["id"], "is": "started", "pid": pid})
            return
        if pid:
            os.waitpid(pid, 0)
        self._send({"id": request["id"], "is": "failed", "reason": reason.decode(errors="replace")})

    def _fork(self, request: Message, given: list[int], reporter: int) -> int:
        parent = os.getpid()
        confinement: PreparedConfinement | contextlib.nullcontext[None] = contextlib.nullcontext()
        if request["confinement"] is not None:
            confinement = PreparedConfinement(Confinement.of_message(request["confinement"]))
        with confinement as prepared:
            pid = fork()
            if pid == 0:
                become_child(request, given, reporter, parent, serve=self._serve, prepared=prepared)
        return pid

    def _reap(self, *, block: bool = False) -> None:
        while self._id_of:
            ended = reap_one(block=block)
            if ended is None:
                return
            pid, status, usage = ended
            number = self._id_of.pop(pid, None)
            if number is None:
                continue
            del self._pid_of[number]
            self._send(
                {
                    "id": number,
                    "is": "ended",
                    "status": os.waitstatus_to_exitcode(status),
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "max_rss_bytes": usage.ru_maxrss * _RSS_UNIT,
                }
            )

    def _kill_all(self) -> None:
        for pid in self._id_of:
            kill_group(pid, signal.SIGKILL)
        while self._id_of:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the worker is gone
                self._reap(block=True)

    def _send(self, message: Message) -> None:
        self._control.sendall(encode_message(message))


def kill_group(pid: int, number: int) -> None:
    """Send a signal to the process group of `pid`, if any process of it is left."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        return


def reap_one(*, block: bool) -> tuple[int, int, resource.struct_rusage] | None:
    """Reap one ended child, after killing the rest of its group; return pid, wait status and resource usage.

    None if no child has ended; `block` waits for one.
    """
    flags = 0 if block else os.WNOHANG
    pid = -1
    if hasattr(os, "waitid"):  # macOS has it since Python 3.13
        # The pid stays in use until wait4, so the signal cannot reach another process group.
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | flags)
        if found is None:
            return None
        pid = found.si_pid
        kill_group(pid, signal.SIGKILL)
    pid, status, usage = os.wait4(pid, flags)
    return (pid, status, usage) if pid else None


def _load(name: str) -> Serve:
    module, _, function = name.partition(":")
    serve: Serve = getattr(importlib.import_module(module), function)
    return serve


def _set_inherited_state(*, background: bool) -> None:
    """Set what children inherit: no blocked or ignored signals, no core dumps, a low priority."""
    kept = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # the worker handles them
    ignored = {number for number in signal.valid_signals() if signal.getsignal(number) == signal.SIG_IGN}
    for number in kept | ignored:
        # Not SIG_IGN, which programs inherit.
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if background:
        os.nice(_BACKGROUND_NICENESS)
        with contextlib.suppress(OSError):  # Linux only
            _raise_oom_score()


def _raise_oom_score() -> None:
    score = os.open("/proc/self/oom_score_adj", os.O_RDWR)
    try:
        if int(os.read(score, 16)) < _BACKGROUND_OOM_SCORE:
            os.write(score, str(_BACKGROUND_OOM_SCORE).encode())
    finally:
        os.close(score)


def main(preload: str | None, *, background: bool) -> None:
    """Run the spawner program on the socket that is its standard input.

    Args:
        preload: "module:function" that children with an empty `argv` call.
        background: whether children and this program yield the CPU to the worker, and are killed first when
            memory runs out.
    """
    _set_inherited_state(background=background)
    serve = None
    if preload is not None:
        serve = _load(preload)
        os.environ.clear()  # what it was for has been loaded; a child need not do it
    SpawnerProgram(socket.socket(fileno=0), serve).run()
