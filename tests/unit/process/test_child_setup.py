"""The state that children of the spawner program start with."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unit.process.conftest import Program


def test_a_program_gets_its_descriptors_environment_and_group(start_program: Callable[..., Program]) -> None:
    program = start_program()
    reading, writing = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    script = "echo $$ $(cut -d' ' -f5,6 /proc/$$/stat) $A $(pwd); echo more >&3; ls /proc/$$/fd"
    program.start(
        *(1, "/bin/sh", "-c", script),
        descriptors=(null, writing, null, writing),
        env={"A": "b", "PATH": "/usr/bin:/bin"},
        cwd="/tmp",
    )
    pid = program.receive()["pid"]
    assert program.receive()["status"] == 0
    first, more, *numbers = os.read(reading, 1000).decode().split("\n")
    assert first.split() == [str(pid), str(pid), str(pid), "b", "/tmp"]  # it leads its group and session
    assert more == "more"
    assert set(numbers) - {""} == {"0", "1", "2", "3"}
    for descriptor in (reading, writing, null):
        os.close(descriptor)


def test_without_arguments_the_preloaded_function_is_called(start_program: Callable[..., Program]) -> None:
    program = start_program("support.programs.upper_case:serve")
    reading, output = os.pipe()
    request, writing = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    os.write(writing, b"words\n")
    os.close(writing)
    program.start(1, descriptors=(request, output, null))
    pid = program.receive()["pid"]
    assert program.receive()["status"] == 0
    assert os.read(reading, 100) == b"WORDS %d %d\n" % (pid, program.process.pid)
    for descriptor in (reading, output, request, null):
        os.close(descriptor)


def test_without_a_preloaded_function_it_fails(start_program: Callable[..., Program]) -> None:
    program = start_program()
    program.start(1)
    assert "no function was preloaded" in program.receive()["reason"]
