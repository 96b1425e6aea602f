"""The seccomp filter, run as the kernel runs it, for both architectures."""

from __future__ import annotations

import errno

import pytest

from ffmpeg_worker.sandbox.seccomp import make_program
from ffmpeg_worker.sandbox.syscalls import AUDIT_ARCH, NUMBERS
from support.bpf import decide

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
MACHINES = sorted(NUMBERS)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "first", "answer"),
    [
        ("socket", 1, errno.EACCES),
        ("socket", 40, errno.EACCES),
        ("recvmmsg", 0, errno.EACCES),
        ("io_uring_setup", 0, errno.EPERM),
        ("migrate_pages", 0, errno.EPERM),
        ("ptrace", 0, errno.EPERM),
        ("clone3", 0, errno.ENOSYS),
        ("clone", 0x11, errno.EPERM),
        ("clone", 0x003D0F00, None),
        ("clone", 0x003D0F00 | 0x10000000, errno.EPERM),
        ("prlimit64", 0, None),
        ("prlimit64", 4711, errno.EPERM),
        ("kill", 0, None),
        ("setpriority", 0, None),
    ],
)
def test_decisions(machine: str, name: str, first: int, answer: int | None) -> None:
    program = make_program(machine, shares_user=False, may_signal=True)
    expected = ALLOW if answer is None else ERRNO | answer
    assert decide(program, AUDIT_ARCH[machine], NUMBERS[machine][name], first) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_a_child_with_the_worker_s_user_may_do_less(machine: str) -> None:
    program = make_program(machine, shares_user=True, may_signal=False)
    for name in ("kill", "tgkill", "setpriority", "sched_setattr"):
        assert decide(program, AUDIT_ARCH[machine], NUMBERS[machine][name]) == ERRNO | errno.EPERM


def test_common_system_calls_are_allowed() -> None:
    program = make_program("x86_64", shares_user=True, may_signal=False)
    for number in (0, 1, 2, 9, 10, 11, 59, 202, 231, 257, 319):  # read, write, open, mmap … execve, futex, memfd
        assert decide(program, AUDIT_ARCH["x86_64"], number) == ALLOW


def test_system_calls_of_other_architectures_kill_the_process() -> None:
    program = make_program("x86_64", shares_user=False, may_signal=True)
    assert decide(program, 0x40000003, 1) == KILL  # i386
    assert decide(program, AUDIT_ARCH["x86_64"], 0x40000000 | 41) == KILL  # x32
    assert decide(make_program("aarch64", shares_user=False, may_signal=True), 0x40000028, 1) == KILL
