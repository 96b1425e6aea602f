"""The spawner program, driven by its messages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from support.processes import alive
from support.wait_until import until

if TYPE_CHECKING:
    from unit.process.conftest import Program


def test_starts_ends_and_failures_are_reported(start_program: Callable[..., Program]) -> None:
    program = start_program()
    program.start(1, "/bin/sh", "-c", "exit 7")
    started, ended = program.receive(), program.receive()
    assert (started["id"], started["is"]) == (1, "started")
    assert (ended["id"], ended["is"], ended["status"]) == (1, "ended", 7)
    assert ended["max_rss_bytes"] > 100_000
    assert ended["cpu_seconds"] >= 0
    program.start(2, "/missing")
    failed = program.receive()
    assert (failed["id"], failed["is"]) == (2, "failed")
    assert "No such file" in failed["reason"]
    program.start(3, "/bin/sh", cwd="/missing")
    assert program.receive()["is"] == "failed"


def test_a_child_is_killed_with_its_group(start_program: Callable[..., Program]) -> None:
    program = start_program()
    reading, writing = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    program.start(1, "/bin/sh", "-c", "sleep 600 & echo $!; wait", descriptors=(null, writing, null))
    assert program.receive()["is"] == "started"
    grandchild = int(os.read(reading, 100))
    program.kill(1, signal.SIGKILL)
    assert program.receive()["status"] == -signal.SIGKILL
    until(lambda: not alive(grandchild))
    program.kill(1, signal.SIGKILL)  # has ended: nothing happens
    for descriptor in (reading, writing, null):
        os.close(descriptor)


def test_the_end_of_the_worker_kills_all_children(start_program: Callable[..., Program]) -> None:
    program = start_program()
    program.start(1, "/bin/sh", "-c", "sleep 600")
    pid = program.receive()["pid"]
    program.close()
    assert program.process.returncode == 0
    assert not alive(pid)
