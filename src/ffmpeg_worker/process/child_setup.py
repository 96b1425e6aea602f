"""Sets a child up between fork and exec: its process group, its descriptors, its death with the spawner.

Writing to a page copies it, so as little as possible happens here. What can be inherited (niceness, limits) is set
once in the spawner program, and execve itself resets signal handlers and closes descriptors.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import BinaryIO, NoReturn

from ffmpeg_worker.process.wire import Message
from ffmpeg_worker.sandbox.apply_confinement import PreparedConfinement
from ffmpeg_worker.sandbox.kernel import close_from, end_with_parent

Serve = Callable[[BinaryIO, BinaryIO], object]
"""A preloaded function, called with standard input and standard output of the child."""


def become_child(
    request: Message,
    given: list[int],
    reporter: int,
    parent: int,
    *,
    serve: Serve | None,
    prepared: PreparedConfinement | None,
) -> NoReturn:
    """Turn the fork of process `parent` into the child of a "start" message; write a failure to `reporter`.

    `given` are the descriptors that become 0, 1, 2 … of the child.
    """
    try:
        os.setsid()
        if sys.platform == "linux":
            end_with_parent(parent)
        reporter = _arrange_descriptors([*given, reporter])
        os.chdir(request["cwd"])
        if request["argv"]:
            _run_program(request["argv"], request["env"], prepared, parent)
        if serve is None:
            raise RuntimeError("no function was preloaded")
        if prepared is not None:
            inherited = _list_descriptors(reporter)
            prepared.apply(parent)
            _drop_inherited_state(request["env"])
            _close(inherited)
        else:
            _drop_inherited_state(request["env"])
            _close_from(reporter)
    except BaseException as error:  # nothing may return into the spawner's loop
        try:
            os.write(reporter, str(error).encode(errors="replace")[:4000])
        finally:
            os._exit(127)
    _serve_and_exit(serve)


def _run_program(
    argv: list[str], env: dict[str, str], prepared: PreparedConfinement | None, parent: int
) -> NoReturn:
    if prepared is None:
        os.execve(argv[0], argv, env)  # noqa: S606 - the point of this program
    program = os.open(argv[0], os.O_RDONLY | os.O_CLOEXEC)
    prepared.apply(parent)
    try:
        os.execve(argv[0], argv, env)  # noqa: S606
    except (PermissionError, FileNotFoundError):
        # The job's user may not search a parent directory of the program, or has another root directory.
        os.execve(program, argv, env)  # noqa: S606


def _arrange_descriptors(descriptors: list[int]) -> int:
    """Make them descriptors 0, 1, 2 …; return the number of the last one, which exec closes."""
    count = len(descriptors)
    lifted = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, count) for descriptor in descriptors]
    for target, descriptor in enumerate(lifted):
        os.dup2(descriptor, target, inheritable=target < count - 1)
    return count - 1


def _drop_inherited_state(env: dict[str, str]) -> None:
    """Do what execve would do: reset signal handlers, replace the environment."""
    signal.set_wakeup_fd(-1)
    for number in find_handled_signals():
        signal.signal(number, signal.SIG_DFL)
    if os.environ:
        os.environ.clear()
    os.environ.update(env)


def _close_from(first: int) -> None:
    try:
        close_from(first)
    except OSError:  # an older kernel, or another system
        _close(_list_descriptors(first))


def _list_descriptors(first: int) -> list[int]:
    # A closerange() over a million takes 0.1 s.
    return [number for number in map(int, os.listdir("/dev/fd")) if number >= first]  # noqa: PTH208


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # the descriptor that listed them
            os.close(descriptor)


@cache
def find_handled_signals() -> tuple[int, ...]:
    """The signals that this process does not leave to the kernel; found once, before the first fork."""
    return tuple(
        int(number) for number in signal.valid_signals() if signal.getsignal(number) not in {signal.SIG_DFL, None}
    )


def _serve_and_exit(serve: Serve) -> NoReturn:
    status = 1
    gc.disable()  # a collection writes to every page that holds an object, and so copies it
    try:
        with open(0, "rb") as requests, open(1, "wb") as answers:
            serve(requests, answers)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
