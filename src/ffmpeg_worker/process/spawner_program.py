"""The small program that starts every child process of the worker, and ends them all when the worker ends.

It runs on its own (standard library only) and speaks with `child.py` in frames over a Unix stream socket on its
standard input; descriptors travel beside their frame, in order.

    worker → spawner   {"do": "start", "id", "argv", "cwd", "env", "confinement", "descriptors": count}
                       {"do": "kill", "id", "signal"}
    spawner → worker   {"id", "is": "started", "pid"}
                       {"id", "is": "failed", "reason"}
                       {"id", "is": "ended", "status" (negative: a signal), "cpu_seconds", "max_rss_bytes"}

The passed descriptors become 0, 1, 2 … of the child. Without `argv` the child calls the preloaded
function with its standard input and output as binary files, then exits. With a `confinement` it gives up
all that this does not name before anything else of it runs.
"""

from __future__ import annotations

import array
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

from ffmpeg_worker.process.child_setup import Serve, become_child
from ffmpeg_worker.process.wire import Message, MessageReader, encode_message
from ffmpeg_worker.sandbox.apply_confinement import PreparedConfinement
from ffmpeg_worker.sandbox.confinement import Confinement

MAX_DESCRIPTORS = 64
_CHUNK_BYTES = 65536
_BACKGROUND_NICENESS = 5
_BACKGROUND_OOM_SCORE = 500
# macOS counts the resident set in bytes, everybody else in KiB.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class SpawnerProgram:
    """The loop: obey the worker, report the ended, end everything at the worker's end."""

    def __init__(self, control: socket.socket, serve: Serve | None) -> None:
        self._control = control
        self._serve = serve
        self._frames = MessageReader()
        self._descriptors: deque[int] = deque()
        self._pid_of: dict[int, int] = {}
        self._id_of: dict[int, int] = {}
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Serve until the worker closes its end or dies."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        # What exists now is shared with every child; a collection there would copy it page by page.
        gc.collect()
        gc.freeze()
        try:
            while self._step(poll):
                pass
        except OSError:  # the worker is gone, which the end below says as well
            pass
        finally:
            self._end_all()

    def _step(self, poll: select.poll) -> bool:
        for descriptor, _ in poll.poll():
            if descriptor == self._wake:
                os.read(self._wake, 4096)
                self._reap()
            elif not self._obey():
                return False
        return True

    def _obey(self) -> bool:
        chunk = self._receive()
        for message in self._frames.feed(chunk):
            if message["do"] == "start":
                self._start(message)
            elif (pid := self._pid_of.get(message["id"])) is not None:
                kill_group(pid, message["signal"])
        return bool(chunk)

    def _receive(self) -> bytes:
        space = socket.CMSG_LEN(MAX_DESCRIPTORS * array.array("i").itemsize)
        chunk, ancillary, _, _ = self._control.recvmsg(_CHUNK_BYTES, space)
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                for number in numbers:
                    os.set_inheritable(number, False)
                self._descriptors.extend(numbers)
        return chunk

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
            # Ends when the child's program is loaded, so the group exists before any request to kill it.
            reason = os.read(report, 4096)
        finally:
            for descriptor in (report, *given):
                os.close(descriptor)
        if not reason:
            self._pid_of[request["id"]], self._id_of[pid] = pid, request["id"]
            self._say({"id": request["id"], "is": "started", "pid": pid})
            return
        if pid:
            os.waitpid(pid, 0)
        self._say({"id": request["id"], "is": "failed", "reason": reason.decode(errors="replace")})

    def _fork(self, request: Message, given: list[int], reporter: int) -> int:
        parent = os.getpid()
        with _entrance(request.get("confinement")) as entrance:
            pid = os.fork()
            if pid == 0:
                become_child(request, given, reporter, parent, serve=self._serve, entrance=entrance)
        return pid

    def _reap(self, *, block: bool = False) -> None:
        while self._id_of:
            ended = next_ended(block=block)
            if ended is None:
                return
            pid, status, usage = ended
            number = self._id_of.pop(pid, None)
            if number is None:
                continue
            del self._pid_of[number]
            self._say(
                {
                    "id": number,
                    "is": "ended",
                    "status": os.waitstatus_to_exitcode(status),
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "max_rss_bytes": usage.ru_maxrss * _RSS_UNIT,
                }
            )

    def _end_all(self) -> None:
        for pid in self._id_of:
            kill_group(pid, signal.SIGKILL)
        while self._id_of:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody listens any more
                self._reap(block=True)

    def _say(self, message: Message) -> None:
        self._control.sendall(encode_message(message))


def _entrance(confinement: Message | None) -> contextlib.AbstractContextManager[PreparedConfinement | None]:
    if confinement is None:
        return contextlib.nullcontext()
    return PreparedConfinement(Confinement.of_message(confinement))


def kill_group(pid: int, number: int) -> None:
    """Signal every process of the group that `pid` leads; nothing happens where none is left."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        return


def next_ended(*, block: bool) -> tuple[int, int, resource.struct_rusage] | None:
    """Reap one child: pid, wait status, what it used; the rest of its group is killed first."""
    flags = 0 if block else os.WNOHANG
    pid = -1
    if hasattr(os, "waitid"):  # macOS has it since Python 3.13
        # The pid stays taken until wait4, so the kill cannot meet a stranger's group.
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


def _settle(*, background: bool) -> None:
    """Set what children inherit: no blocked or ignored signals, no core dumps, their place behind the worker."""
    kept = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # the worker decides, not the terminal
    ignored = {number for number in signal.valid_signals() if signal.getsignal(number) == signal.SIG_IGN}
    for number in kept | ignored:
        # Not SIG_IGN, which a program inherits.
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if background:
        os.nice(_BACKGROUND_NICENESS)
        with contextlib.suppress(OSError):  # Linux only
            _volunteer_for_the_oom_killer()


def _volunteer_for_the_oom_killer() -> None:
    score = os.open("/proc/self/oom_score_adj", os.O_RDWR)
    try:
        if int(os.read(score, 16)) < _BACKGROUND_OOM_SCORE:
            os.write(score, str(_BACKGROUND_OOM_SCORE).encode())
    finally:
        os.close(score)


def main(preload: str | None, *, background: bool) -> None:
    """Serve the worker on standard input.

    `preload`: the "module:function" that children without `argv` call; `background`: children, and this program
    with them, yield the CPU to the worker, and are the first to go when memory runs out.
    """
    _settle(background=background)
    serve = None if preload is None else _load(preload)
    SpawnerProgram(socket.socket(fileno=0), serve).run()
