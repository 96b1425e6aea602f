"""What happens in a child between fork and its program: own group, own descriptors, death with the spawner."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from ffmpeg_worker.ffmpeg.frames import Message

Serve = Callable[[BinaryIO, BinaryIO], object]
"""A preloaded function: gets the child's standard input and output as binary files."""

_PR_SET_PDEATHSIG = 1
_BACKGROUND_NICENESS = 5
_BACKGROUND_OOM_SCORE = b"500"
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork


def become_child(request: Message, given: list[int], reporter: int, parent: int, serve: Serve | None) -> NoReturn:
    """Turn the fork of `parent` into what `request` asks for; a failure is written to `reporter`."""
    try:
        _detach(parent)
        reporter = _arrange_descriptors([*given, reporter])
        os.chdir(request["cwd"])
        if request["background"]:
            _step_back()
        if request["argv"]:
            os.execve(request["argv"][0], request["argv"], request["env"])  # noqa: S606 - the point of this program
        if serve is None:
            raise RuntimeError("no function was preloaded")
        os.environ.clear()
        os.environ.update(request["env"])
        os.close(reporter)
    except BaseException as error:  # nothing may return into the spawner's loop
        os.write(reporter, str(error).encode(errors="replace")[:4000])
        os._exit(127)
    _serve_and_exit(serve)


def _detach(parent: int) -> None:
    os.setsid()
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above took effect
            os._exit(127)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _arrange_descriptors(descriptors: list[int]) -> int:
    """Make them 0, 1, 2 …, close all others; the last one, whose number is returned, closes at exec."""
    count = len(descriptors)
    lifted = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, count) for descriptor in descriptors]
    for target, descriptor in enumerate(lifted):
        os.dup2(descriptor, target, inheritable=target < count - 1)
    for other in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 - a closerange() over a million takes 0.1 s
        if other >= count:
            with contextlib.suppress(OSError):  # the one that listed
                os.close(other)
    return count - 1


def _step_back() -> None:
    """The worker answers first, and dies last when memory runs out."""
    os.nice(_BACKGROUND_NICENESS)
    try:
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(score, _BACKGROUND_OOM_SCORE)
    except OSError:
        return
    finally:
        os.close(score)


def _serve_and_exit(serve: Serve) -> NoReturn:
    status = 1
    try:
        with open(0, "rb") as requests, open(1, "wb") as answers:
            serve(requests, answers)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
