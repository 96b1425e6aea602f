"""The checks of the soak: each finds the fault that it is for, and nothing in a worker without faults."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from soak import __main__, final_checks, usage
from soak.expected import ExpectedFile, compare_output, compare_picture, count_frames
from soak.explain_failure import FULL_DISK, find_explaining_fault, is_busy
from soak.folders import RunFolders
from soak.health import Health
from soak.kill_processes import job_of
from soak.report import make_report
from soak.resources import KEPT_CLAIMS, HeldResources
from soak.run_record import InjectedFault, RunRecord, Violation
from soak.run_soak import Options
from soak.shuffled_kinds import ShuffledKinds
from soak.usage import Sample, UsageSeries, take_sample
from support.processor_waits import waited_between
from support.servers.api_server import Server
from support.wait_until import until

_KILLED = {"code": "engine_killed", "fault": "worker", "retryable": True}
_FULL = {"code": "target_unavailable", "fault": "target", "retryable": True}
_MIB = 1 << 20


@pytest.mark.parametrize(
    ("data", "word"), [(None, "missing"), (b"abc", "3 bytes instead of 4"), (b"abcx", "bytes are wrong")]
)
def test_a_wrong_file(data: bytes | None, word: str) -> None:
    [problem] = compare_output(ExpectedFile.of(b"abcd"), data, {"size": 4})
    assert word in problem


def test_a_right_file() -> None:
    assert compare_output(ExpectedFile.of(b"abcd"), b"abcd", {"size": 4}) == []
    assert compare_output(ExpectedFile.of(b"abcd"), b"abcd", {"size": 5}) != []


def picture(color: str, size: tuple[int, int] = (20, 10)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, color).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "word"),
    [(picture("#ff0000"), "instead of #00ff00"), (picture("#00ff00", (9, 9)), "9x9"), (b"x", "cannot be decoded")],
)
def test_a_wrong_picture(data: bytes, word: str) -> None:
    [problem] = compare_picture(data, (20, 10), {(3, 4): "#00ff00"})
    assert word in problem


def test_a_right_picture() -> None:
    assert compare_picture(picture("#00ff00"), (20, 10), {(3, 4): "#00ff00"}) == []
    assert (count_frames(picture("#00ff00")), count_frames(b"x")) == (1, 0)


@pytest.mark.parametrize(
    ("problem", "fault", "is_excused"),
    [
        (_KILLED, InjectedFault("kill", 5, 5, "job"), True),
        (_KILLED, InjectedFault("kill", 5, 5), True),
        (_KILLED, InjectedFault("kill", 5, 5, "another"), False),
        (_KILLED, InjectedFault("kill", 2, 2, "job"), False),
        (_KILLED, InjectedFault("kill", 9, 9, "job"), False),
        (_KILLED | {"retryable": False}, InjectedFault("kill", 5, 5, "job"), False),
        (_KILLED | {"fault": "source"}, InjectedFault("kill", 5, 5, "job"), False),
        (_FULL, InjectedFault(FULL_DISK, 1, float("inf")), True),
        (_FULL, InjectedFault("kill", 5, 5), False),
        (_KILLED, InjectedFault(FULL_DISK, 1, float("inf")), False),
        ({}, InjectedFault("kill", 5, 5), False),
    ],
)
def test_excuses(problem: dict[str, Any], fault: InjectedFault, is_excused: bool) -> None:
    assert (find_explaining_fault(problem, "job", 4, 8, [fault]) is not None) == is_excused


def test_what_only_asks_for_patience() -> None:
    assert is_busy({"code": "queue_full", "retryable": True})
    assert not is_busy(_KILLED)


def series(*resident: int, peak: int = 0) -> UsageSeries:
    return UsageSeries([Sample(10.0 * n, size * _MIB, peak, 9, 4, 3) for n, size in enumerate(resident)])


@pytest.mark.parametrize(
    ("measured", "kinds"),
    [
        (series(100, 100, 100, 100, 105, 100), []),
        (series(100, 100, 100, 900, 100, 100), []),
        (series(100, 100, 120, 140, 160, 180), ["memory grows"]),
        (series(100, 170), []),
        (series(100, peak=usage.MAX_RESIDENT_BYTES + 1), ["memory"]),
    ],
    ids="level burst growing short peak".split(),
)
def test_memory(measured: UsageSeries, kinds: list[str]) -> None:
    assert [kind for kind, _ in measured.problems()] == kinds


_NOTHING: frozenset[str] = frozenset()
_IDLE = HeldResources(
    Counter({"pipe": 3}), 5, Counter({"probe": 2}), frozenset({"worker-1"}), _NOTHING, _NOTHING, 1
)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"descriptors": Counter({"pipe": 4})}, "1 more descriptors: pipe"),
        ({"descriptors": Counter({"pipe": 3, "user claim": KEPT_CLAIMS + 1})}, "17 more descriptors: user claim"),
        ({"threads": 50}, "50 threads"),
        ({"children": Counter({"probe": 2, "ffmpeg": 1})}, "1 more processes: ffmpeg"),
        ({"scratch": frozenset({"worker-1", "worker-1/a"})}, "1 scratch files: worker-1/a"),
        ({"temporary": frozenset({"t"})}, "1 temporary files: t"),
        ({"hidden": frozenset({".env"})}, "1 hidden files: .env"),
        ({"job_users": 2}, "1 more processes of jobs' users"),
    ],
)
def test_leftovers(more: dict[str, Any], word: str) -> None:
    [problem] = replace(_IDLE, **more).more_than(_IDLE)
    assert word in problem


def test_what_an_idle_worker_may_keep() -> None:
    kept = Counter({"pipe": 2, "user claim": KEPT_CLAIMS})
    assert replace(_IDLE, descriptors=kept, children=Counter()).more_than(_IDLE) == []


# Opens what each line names, and says so.
_LEAKER = """
import socket, subprocess, sys, threading
kept = []
for line in sys.stdin:
    if line == "socket\\n":
        kept.append(socket.create_server(("127.0.0.1", 0)))
    if line == "child\\n":
        kept.append(subprocess.Popen(["sleep", "60"]))
    print(flush=True)
for child in kept[1:]:
    child.kill()
"""


@pytest.fixture
def folders(tmp_path: Path) -> RunFolders:
    for name in ("data", "scratch", "tmp"):
        (tmp_path / name).mkdir()
    return RunFolders(tmp_path, has_own_disks=False)


@pytest.fixture
def leaker(folders: RunFolders) -> Iterator[Server]:
    command = [sys.executable, "-c", _LEAKER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        server = Server("http://127.0.0.1:1", folders.data, folders.scratch, folders.log, process)
        leak(server, "")  # it has started
        yield server
        assert process.stdin is not None
        process.stdin.close()


def leak(server: Server, what: str) -> None:
    assert server.process.stdin is not None
    assert server.process.stdout is not None
    server.process.stdin.write(f"{what}\n")
    server.process.stdin.flush()
    server.process.stdout.readline()


async def test_leaks_of_a_process(leaker: Server, folders: RunFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(final_checks, "IDLE_WITHIN_S", 0.3)
    monkeypatch.setattr(final_checks, "_POLL_S", 0.05)
    before, record = final_checks.look(leaker, folders), RunRecord()
    await final_checks.check_resources(leaker, folders, before, record)
    assert record.violations == []

    leak(leaker, "socket")
    leak(leaker, "child")
    until(lambda: bool(final_checks.look(leaker, folders).children["sleep"]))
    workspace = folders.scratch / "worker-1-ab" / "job-1-cd"
    workspace.mkdir(parents=True)
    await final_checks.check_resources(leaker, folders, before, record)
    found = [(violation.kind, violation.detail.partition(",")[0]) for violation in record.violations]
    assert found == [
        ("not idle", "after 0.3 s: jobs ['job-1-cd']"),
        ("leak", "1 more descriptors: TCP socket"),
        ("leak", "1 more processes: sleep"),
        ("leak", "2 scratch files: worker-1-ab"),
    ]
    assert take_sample(leaker.pid).children == 1


async def test_an_end_that_leaves_something(leaker: Server, folders: RunFolders) -> None:
    """The process ends by the signal, and its child and its files stay."""
    record = RunRecord()
    leak(leaker, "child")
    until(lambda: bool(final_checks.look(leaker, folders).children["sleep"]))
    [child] = usage.descendants_of(leaker.pid)
    (folders.scratch / "worker-1").touch()
    await final_checks.check_end(leaker, folders, record)
    subprocess.run(["kill", str(child)], check=True)
    details = [violation.detail for violation in record.violations]
    assert details == [
        "it ended with status -15 after SIGTERM",
        f"1 processes outlive the worker: [{child}]",
        "1 entries stay in scratch: ['worker-1']",
    ]


def test_errors_in_the_log(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"level": "info", "event": "request"},
        {"level": "error", "event": "unexpected error", "traceback": "at 0x7ffa8d5f: KeyError 1"},
        {"level": "error", "event": "unexpected error", "traceback": "at 0x7ffa8e11: KeyError 2"},
    ]
    log, record = tmp_path / "log", RunRecord()
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + "Segmentation fault\n")
    final_checks.check_log(log, record)
    assert [violation.detail[:30] for violation in record.violations] == [
        "2 times: unexpected error: at ",
        "1 times: Segmentation fault",
    ]


def test_the_stack_of_a_stuck_server() -> None:
    log = 'Fatal Python error: Aborted\n\nThread 0x1 (most recent call first):\n  File "/a/x.py", line 1 in f\n\n'
    log += (
        'Current thread 0x2 (most recent call first):\n  File "/a/y.py", line 7 in g\n  File "/z.py", line 8 in h'
    )
    assert final_checks.read_stack(f"{log}\n\nExtension modules: a") == "y.py:7 g < z.py:8 h"


def health_line(took_s: float, waited_s: float = 0.0, error: str = "") -> dict[str, Any]:
    began = time.monotonic() - took_s
    return {"began": began, "took_s": took_s, "waited_s": waited_s, "error": error, "count": 1}


def test_slow_health() -> None:
    record = RunRecord()
    health = Health(record)
    health.note(health_line(0.2))
    health.note(health_line(2.0, 1.9))
    assert record.violations == []
    with record.request("hostile: parentheses"):
        health.note(health_line(2.0, 1.0))
        health.note(health_line(0.1, error="status 500"))
    assert [violation.kind for violation in record.violations] == ["stall", "health failed"]
    assert "hostile: parentheses" in record.violations[0].detail
    assert (health.slowest_s, round(health.slowest_own_s, 3), health.is_stuck) == (2.0, 1.0, False)
    health.responded -= 100
    assert health.is_stuck


def test_time_without_a_processor() -> None:
    before = {"": 1.0, "7": 2.0, "8": 3.0, "9": 0.0}
    after = {"": 1.1, "7": 2.2, "8": 3.4, "9": 0.8, "10": 5.0}
    assert waited_between(before, after, server=7) == pytest.approx(0.1 + 0.2 + 0.8)


def test_requests_that_were_under_way() -> None:
    record = RunRecord()
    with record.request("a"):
        ended = time.monotonic()
    with record.request("b"), record.request("b"):
        assert record.under_way(ended, time.monotonic() + 1) == ["a", "b"]
    assert record.under_way(time.monotonic() + 1, time.monotonic() + 2) == []


def test_the_job_of_a_process(tmp_path: Path) -> None:
    assert job_of(tmp_path / "worker-1-ab/0b6f-1c5e-1a2b3c4d/lane", tmp_path) == "0b6f-1c5e"
    assert job_of(tmp_path / "worker-1-ab", tmp_path) is None
    assert job_of(Path("/"), tmp_path) is None
    assert job_of(None, tmp_path) is None


def test_a_deck_leaves_nothing_out() -> None:
    in_turn = ShuffledKinds({"a": 1, "b": 2}, random.Random(1))
    for _ in range(3):
        assert Counter(in_turn.next() for _ in range(3)) == {"a": 1, "b": 2}


def test_a_report_names_violations() -> None:
    record = RunRecord()
    record.right["probe"] += 2
    text = make_report(record, Health(record), UsageSeries(), seed="7", minutes=1)
    assert text.endswith("No violations.")
    record.failed["vmaf"] += 1
    for number in range(6):
        record.violate("leak", f"socket {number}")
    text = make_report(record, Health(record), series(100, 101), seed="7", minutes=1)
    assert "leak: 6\n  - at 0 s: socket 0" in text
    assert "and 2 more" in text
    assert text.endswith("6 violations.")


@pytest.mark.parametrize(("violations", "status"), [([], 0), ([Violation("leak", "a socket", 1.0)], 1)])
def test_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], violations: list[Violation], status: int
) -> None:
    record = RunRecord(violations=violations)

    async def soak(_options: Options) -> Any:
        return SimpleNamespace(record=record, health=Health(record), usage=UsageSeries())

    monkeypatch.setattr(__main__, "soak", soak)
    monkeypatch.setattr(__main__, "enter_private_mounts", lambda _arguments: None)
    assert __main__.main(["--minutes", "1", "--seed", "7"]) == status
    assert "Soak of 1 min, seed 7" in capsys.readouterr().out
