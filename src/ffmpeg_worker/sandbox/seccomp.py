"""A seccomp filter: the system calls that a child may make, as a BPF program.

See https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import errno
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product

from ffmpeg_worker.sandbox.bpf import (
    ALLOW,
    ARCH_AT,
    ERRNO,
    JUMP,
    JUMP_ANY_BIT,
    JUMP_AT_LEAST,
    JUMP_EQUAL,
    KILL,
    LOAD,
    NUMBER_AT,
    RETURN,
    Filter,
    argument_at,
    if_number,
    op,
)
from ffmpeg_worker.sandbox.kernel import PR_GET_SECCOMP, prctl
from ffmpeg_worker.sandbox.syscalls import AUDIT_ARCH, FOREIGN_FROM, NUMBERS

_CLONE_THREAD = 0x00010000
_CLONE_NEW_NAMESPACES = 0x7E020000  # mounts, cgroup, host name, IPC, user, process ids, network

_SOCKETS = (
    "socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg"
).split()
_REFUSED = (
    "io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv process_vm_writev process_madvise "
    "pidfd_open pidfd_getfd pidfd_send_signal kcmp bpf perf_event_open userfaultfd add_key request_key keyctl "
    "mount umount2 pivot_root open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr "
    "unshare setns chroot name_to_handle_at open_by_handle_at personality fork vfork "
    # Create objects that outlive the process.
    "shmget semget msgget mq_open "
    # Need capabilities that no child has; refused to reduce the attack surface of the kernel.
    "kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct quotactl "
    "quotactl_fd iopl ioperm modify_ldt syslog clock_settime settimeofday adjtimex clock_adjtime sethostname "
    "setdomainname vhangup fanotify_init move_pages migrate_pages"
).split()
_AT_OTHERS = "sched_setaffinity sched_setscheduler sched_setparam sched_setattr setpriority ioprio_set".split()
_SIGNALS = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo".split()


def is_available() -> bool:
    """Whether this kernel supports filters, and the system call numbers of this machine are known."""
    if sys.platform != "linux" or platform.machine() not in NUMBERS:
        return False
    try:
        return prctl(PR_GET_SECCOMP) >= 0
    except OSError:
        return False


@cache
def filter_for(*, shares_user: bool, may_signal: bool) -> Filter:
    """The filter for this machine; see `make_program`."""
    return Filter(make_program(platform.machine(), shares_user=shares_user, may_signal=may_signal))


def prepare_filters() -> None:
    """Build all filters, so that processes forked from this one need not do it."""
    for shares_user, may_signal in product((True, False), repeat=2):
        filter_for(shares_user=shares_user, may_signal=may_signal)


def make_program(machine: str, *, shares_user: bool, may_signal: bool) -> bytes:
    """Build the filter: no sockets, no new processes (only threads), no access to other processes.

    Args:
        machine: a value of `platform.machine()`.
        shares_user: the child has the worker's user: also refuse calls that change the worker's priority.
        may_signal: do not refuse signals, because another mechanism restricts them.
    """
    numbers = NUMBERS[machine]
    refused = [*_REFUSED, *(_AT_OTHERS if shares_user else ()), *(() if may_signal else _SIGNALS)]
    code = [
        op(LOAD, ARCH_AT),
        op(JUMP_EQUAL, AUDIT_ARCH[machine], 1, 0),
        op(RETURN, KILL),
        op(LOAD, NUMBER_AT),
    ]
    if machine in FOREIGN_FROM:
        code += [op(JUMP_AT_LEAST, FOREIGN_FROM[machine], 0, 1), op(RETURN, KILL)]
    code += if_number(
        numbers["clone"],
        op(LOAD, argument_at(0)),
        op(JUMP_ANY_BIT, _CLONE_NEW_NAMESPACES, 1, 0),
        op(JUMP_ANY_BIT, _CLONE_THREAD, 1, 0),
        op(RETURN, ERRNO | errno.EPERM),
        op(RETURN, ALLOW),
    )
    # With ENOSYS the C library falls back to clone, whose flags the filter can check.
    code += if_number(numbers["clone3"], op(RETURN, ERRNO | errno.ENOSYS))
    code += if_number(
        numbers["prlimit64"],
        op(LOAD, argument_at(0)),
        op(JUMP_EQUAL, 0, 1, 0),
        op(RETURN, ERRNO | errno.EPERM),
        op(RETURN, ALLOW),
    )
    code += _refuse_all(numbers, _SOCKETS, errno.EACCES)
    code += _refuse_all(numbers, refused, errno.EPERM)
    code.append(op(RETURN, ALLOW))
    return b"".join(code)


def _refuse_all(numbers: Mapping[str, int], names: Iterable[str], error: int) -> list[bytes]:
    """Refuse system calls with one error; names that this architecture does not have are ignored."""
    known = [numbers[name] for name in names if name in numbers]
    tests = [op(JUMP_EQUAL, number, len(known) - index, 0) for index, number in enumerate(known)]
    # A match jumps over the instruction that skips the refusal.
    return [*tests, op(JUMP, 1), op(RETURN, ERRNO | error)]
