"""The pure parts of the sandbox."""

from __future__ import annotations

import json
import resource
import struct
from pathlib import Path

import pytest

from ffmpeg_worker.sandbox import canary
from ffmpeg_worker.sandbox.apply_confinement import rlimits
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.landlock import file_rights, ruleset_attributes
from ffmpeg_worker.sandbox.level import Level, SandboxSupport
from ffmpeg_worker.sandbox.sandbox import default_memory
from ffmpeg_worker.sandbox.self_test import judge
from ffmpeg_worker.sandbox.users import user_ids

EVERYTHING = Confinement(
    writable=("/",),
    readable=("/usr", "/etc/hostname", "/no/such/path"),
    executable=("/bin/ls",),
    devices=("/dev/null",),
    uid=200001,
    limits=Limits(60, 1 << 30, 1 << 20, 64, 32),
)


def test_it_travels_as_json() -> None:
    assert Confinement.of_message(json.loads(json.dumps(EVERYTHING.as_message()))) == EVERYTHING


@pytest.mark.parametrize(
    ("abi", "rights", "words"),
    [
        (1, 0x1FFF, 1),
        (2, 0x3FFF, 1),
        (3, 0x7FFF, 1),
        (4, 0x7FFF, 2),
        (5, 0xFFFF, 2),
        (6, 0xFFFF, 3),
        (9, 0xFFFF, 3),
    ],
)
def test_what_each_version_of_landlock_takes_away(abi: int, rights: int, words: int) -> None:
    assert file_rights(abi) == rights
    found = struct.unpack(f"={words}Q", ruleset_attributes(abi))
    assert found == (rights, 3, 3)[:words]


@pytest.mark.parametrize(
    ("machine", "level"),
    [
        (SandboxSupport(7, True, None), Level.FULL),
        (SandboxSupport(1, True, None), Level.FULL),
        (SandboxSupport(3, True, "not root"), Level.FULL),
        (SandboxSupport(2, True, "not root"), Level.DEGRADED),
        (SandboxSupport(0, True, None), Level.CHROOT),
        (SandboxSupport(0, True, None, "no MKNOD"), Level.DEGRADED),
        (SandboxSupport(0, False, None), Level.DEGRADED),
        (SandboxSupport(0, True, "not root", "not root"), Level.DEGRADED),
        (SandboxSupport(7, False, None), Level.DEGRADED),
    ],
)
def test_levels(machine: SandboxSupport, level: Level) -> None:
    assert machine.level is level
    assert bool(machine.missing) == (level is Level.DEGRADED)


def test_limits_are_hard_and_never_above_our_own() -> None:
    found = dict(rlimits(Limits(cpu_s=10, open_files=1 << 40, processes=5), own_user=False))
    assert found[resource.RLIMIT_CPU] == (10, 15)
    assert found[resource.RLIMIT_NOFILE][1] <= resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert resource.RLIMIT_NPROC not in found  # it would count the worker's own processes
    assert resource.RLIMIT_DATA not in found


@pytest.mark.parametrize(
    ("text", "expected"), [("max", 4 << 30), (str(10 << 30), 4 << 30), (str(2 << 30), 858993459)]
)
def test_memory_follows_the_container(tmp_path: Path, text: str, expected: int) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert default_memory(2, [tmp_path / "none", tmp_path / "memory.max"]) == expected


def test_users_of_a_process() -> None:
    assert user_ids("Name:\tx\nUid:\t1\t2\t2\t4\nGid:\t9\t9\t9\t9\n") == {1, 2, 4}


GOOD: dict[str, str | None] = {"own file written": None, "own file read": None, "input read": None}


@pytest.mark.parametrize(
    ("report", "rest", "holes"),
    [
        (GOOD | {"socket opened": "EACCES"}, canary.STILL_HERE, []),
        (GOOD | {"socket opened": None}, canary.STILL_HERE, ["socket opened"]),
        (GOOD | {"input read": "EACCES"}, canary.STILL_HERE, ["input read: EACCES"]),
        (GOOD, b"", ["shell started"]),
        ({}, canary.STILL_HERE, ["the test program answered only in part"]),
    ],
)
def test_what_a_canary_s_answer_means(report: dict[str, str | None], rest: bytes, holes: list[str]) -> None:
    assert judge(json.dumps(report).encode() + b"\n" + rest) == holes


def test_silence_is_no_proof() -> None:
    assert judge(b"") == ["the test program did not answer"]
