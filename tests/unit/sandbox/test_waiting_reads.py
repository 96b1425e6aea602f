"""The filter that notifies reads, run as the kernel runs it, for both architectures."""

from __future__ import annotations

import errno

import pytest

from ffmpeg_worker.sandbox.syscalls import AUDIT_ARCH, NUMBERS
from ffmpeg_worker.sandbox.waiting_reads import FILE_NUMBERS, TICKETS, make_program
from support.bpf import decide

ALLOW, NOTIFY, REFUSE = 0x7FFF0000, 0x7FC00000, 0x00050000 | errno.EACCES
FIRST, LAST, BEHIND = FILE_NUMBERS[0], FILE_NUMBERS[-1], FILE_NUMBERS.stop
HIGH = 1 << 32  # the kernel ignores the upper half of a descriptor


@pytest.mark.parametrize("machine", sorted(NUMBERS))
@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("read", (FIRST,), NOTIFY),
        ("read", (LAST | HIGH,), NOTIFY),
        ("read", (BEHIND,), ALLOW),
        ("read", (TICKETS[0],), ALLOW),
        ("read", (3,), ALLOW),
        ("close", (FIRST,), NOTIFY),
        ("close", (TICKETS[0],), ALLOW),
        ("dup", (TICKETS[0],), NOTIFY),
        ("dup", (TICKETS[-1],), NOTIFY),
        ("dup", (TICKETS[0] - 1,), ALLOW),
        ("dup", (FIRST,), REFUSE),
        ("fcntl", (TICKETS[0], 0), NOTIFY),
        ("fcntl", (TICKETS[0], 1030), NOTIFY),
        ("fcntl", (TICKETS[0], 1), ALLOW),
        ("fcntl", (FIRST, 1030), REFUSE),
        ("fcntl", (FIRST, 2), ALLOW),
        ("fcntl", (3, 0), ALLOW),
        ("dup3", (FIRST, 3), REFUSE),
        ("dup3", (3, 4), ALLOW),
        ("pread64", (FIRST,), REFUSE),
        ("readv", (FIRST,), REFUSE),
        ("preadv", (LAST,), REFUSE),
        ("preadv2", (FIRST,), REFUSE),
        ("splice", (FIRST,), REFUSE),
        ("copy_file_range", (FIRST,), REFUSE),
        ("sendfile", (1, FIRST), REFUSE),
        ("sendfile", (1, 3), ALLOW),
        ("mmap", (0, 4096, 1, 2, FIRST), REFUSE),
        ("mmap", (0, 4096, 1, 2, 0xFFFFFFFF), ALLOW),
        ("mmap", (0, 4096, 1, 2, 3), ALLOW),
        ("io_submit", (0,), REFUSE),
        ("kill", (FIRST,), ALLOW),
    ],
)
def test_what_is_notified_and_refused(machine: str, name: str, arguments: tuple[int, ...], answer: int) -> None:
    assert decide(make_program(machine), AUDIT_ARCH[machine], NUMBERS[machine][name], *arguments) == answer


def test_another_architecture_is_left_to_the_main_filter() -> None:
    assert decide(make_program("x86_64"), AUDIT_ARCH["aarch64"], 0, FIRST) == ALLOW
