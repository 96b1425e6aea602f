"""A compromised program: it attempts every kind of access, and reports the result of each attempt.

It is forked, not loaded, so that no Python has to be readable from inside. Its orders are JSON in the environment.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import shutil
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

VARIABLE = "ORDERS"
_GIB = 1 << 30
_CALLS = {
    "x86_64": {"ptrace": 101, "process_vm_readv": 310, "unshare": 272, "io_uring_setup": 425, "personality": 135},
    "aarch64": {"ptrace": 117, "process_vm_readv": 270, "unshare": 97, "io_uring_setup": 425, "personality": 92},
}[platform.machine()]
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def serve(_requests: BinaryIO, answers: BinaryIO) -> None:
    """Make all attempts; the answer gives for each why it failed, or `null` if it succeeded."""
    orders = json.loads(os.environ[VARIABLE])
    report = {
        name: _outcome(attempt) for name, attempt in attempts(orders).items() if name not in orders["skipped"]
    }
    answers.write(json.dumps(report).encode())


def attempts(orders: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """The attempts by name; `orders` has the paths, ports and process id that they use."""
    victim, secrets, other = orders["victim"], Path(orders["secrets"]), Path(orders["other_job"])
    read, socket_of = Path.read_bytes, socket.socket
    return {
        "read a file that is open to all": lambda: read(secrets / "open"),
        "read a file of the worker's": lambda: read(secrets / "closed"),
        "list a folder outside": lambda: os.listdir(secrets),  # noqa: PTH208
        "read another job's file": lambda: read(other / "secret"),
        "read /etc/passwd": Path("/etc/passwd").read_bytes,
        "read its environment": lambda: read(Path(f"/proc/{victim}/environ")),
        "read its command line": lambda: read(Path(f"/proc/{victim}/cmdline")),
        "open its memory": lambda: os.close(os.open(f"/proc/{victim}/mem", os.O_RDONLY)),
        "list processes": partial(os.listdir, "/proc"),
        "read its memory by call": lambda: _read_memory(victim),
        "trace it": lambda: _call("ptrace", 16, victim, 0, 0),
        "signal it": lambda: os.kill(victim, 0),
        "limit it": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (64, 64)),
        "slow it down": lambda: os.setpriority(os.PRIO_PROCESS, victim, 19),
        "write outside": lambda: (secrets / "new").write_bytes(b"x"),
        "overwrite outside": lambda: (secrets / "open").open("r+b").close(),
        "truncate outside": lambda: os.truncate(secrets / "open", 3),
        "remove outside": (secrets / "spare").unlink,
        "write an input": lambda: Path(orders["input"]).open("ab").close(),
        "replace an input": lambda: Path(orders["input"]).unlink(),
        "make a symbolic link": lambda: Path("link").symlink_to("/etc/passwd"),
        "make a second name": lambda: os.link(other / "secret", "hard"),
        "make a pipe": lambda: os.mkfifo("pipe"),
        "make a device": lambda: os.mknod("device", stat.S_IFCHR | 0o600, os.makedev(1, 3)),
        "bind a socket in its folder": lambda: _closing(socket.AF_UNIX, lambda s: s.bind("socket")),
        "connect by TCP": lambda: _closing(socket.AF_INET, lambda s: s.connect(("127.0.0.1", orders["tcp"]))),
        "connect by multipath TCP": lambda: _closing(
            socket.AF_INET, lambda s: s.connect(("127.0.0.1", orders["tcp"])), socket.SOCK_STREAM, 262
        ),
        "send by UDP": lambda: _closing(
            socket.AF_INET, lambda s: s.sendto(b"x", ("127.0.0.1", orders["udp"])), socket.SOCK_DGRAM
        ),
        "connect to a Unix socket": lambda: _closing(socket.AF_UNIX, lambda s: s.connect(orders["unix"])),
        "connect to an abstract socket": lambda: _closing(
            socket.AF_UNIX, lambda s: s.connect("\0" + orders["abstract"])
        ),
        "open a crypto socket": lambda: socket_of(38, socket.SOCK_SEQPACKET, 0).close(),
        "open a netlink socket": lambda: socket_of(16, socket.SOCK_RAW, 0).close(),
        "open a vsock": lambda: socket_of(40, socket.SOCK_STREAM, 0).close(),
        "open a socket pair": socket.socketpair,
        "set up io_uring": lambda: os.close(_call("io_uring_setup", 4, ctypes.create_string_buffer(120))),
        "make a namespace": lambda: _call("unshare", 0x04000000),
        "change its personality": lambda: _call("personality", 0x0040000),
        "start a process": lambda: _fork(1),
        "start many processes": lambda: _fork(50),
        "run a shell": lambda: _run("/bin/sh"),
        "run a file of its own": _run_own,
        "write a huge file": _write_huge,
        "fill memory": lambda: mmap.mmap(-1, 3 * _GIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close(),
        "fill a file in memory": _fill_memory_file,
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8 * _GIB, 8 * _GIB)),
        "be spared when memory runs out": lambda: Path("/proc/self/oom_score_adj").write_text("-900"),
        "become root": partial(os.setuid, 0),
        "write its own folder": lambda: Path("out").write_bytes(b"x"),
        "read its input": Path(orders["input"]).read_bytes,
        "make a file in memory": lambda: os.close(os.memfd_create("x")),
    }


def _outcome(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError as error:  # how Python calls the refusal of a limit
        return str(error)
    return None


def _call(name: str, *arguments: Any) -> int:
    longs = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(_libc.syscall(ctypes.c_long(_CALLS[name]), *longs))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def _read_memory(pid: int) -> None:
    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    room = ctypes.create_string_buffer(8)
    ours, theirs = Vector(ctypes.addressof(room), 8), Vector(0x400000, 8)
    try:
        _call("process_vm_readv", pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:  # allowed, only nothing was there
            raise


def _closing(
    family: int, use: Callable[[socket.socket], object], kind: int = socket.SOCK_STREAM, protocol: int = 0
) -> None:
    with closing(socket.socket(family, kind, protocol)) as opened:
        use(opened)


def _fork(count: int) -> None:
    pids: list[int] = []
    try:
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            pids.append(pid)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _run(program: str) -> None:
    """Run a program, in this process if none can be forked; if exec succeeds then, there is no answer."""
    try:
        pid = os.fork()
    except PermissionError:
        os.execv(program, [program, "-c", ":"])
    if pid == 0:
        try:
            os.execv(program, [program, "-c", ":"])
        finally:
            os._exit(126)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 126:
        raise PermissionError(errno.EACCES, "exec")


def _run_own() -> None:
    loaders = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
    shutil.copyfile(next(path for path in loaders if Path(path).exists()), "program")  # one that it may read
    Path("program").chmod(0o755)
    _run("./program")


@contextmanager
def _ignoring_size_signal() -> Iterator[None]:
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGXFSZ, before)


def _write_huge() -> None:
    with _ignoring_size_signal(), Path("huge").open("wb", buffering=0) as file:
        file.seek(3 * _GIB)
        file.write(b"x")


def _fill_memory_file() -> None:
    descriptor = os.memfd_create("x")
    try:
        with _ignoring_size_signal():
            os.pwrite(descriptor, b"x", 3 * _GIB)
    finally:
        os.close(descriptor)
