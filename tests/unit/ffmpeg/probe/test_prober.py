"""The choice of the probe program, and errors made from its responses."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import (
    EngineKilled,
    EngineTimedOut,
    EngineUnavailable,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    UnsupportedFeature,
    WorkerError,
)
from ffmpeg_worker.ffmpeg.probe import probe_pool
from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.process.child import Exit
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from support.programs.fake_spawner import FakeSpawner, Script
from support.wait_until import until_async

DOCUMENT = {"streams": [], "format": {"filename": "a.mp4"}}
FFPROBE = Path("/usr/bin/ffprobe")


Reply = dict[str, Any] | int | None


class FakeProcess:
    """A child that gives one reply to every file; None: it ends by itself; a number: by this signal."""

    def __init__(self, reply: Reply) -> None:
        self.alive = True
        self.end: Exit | None = None
        self.asked: list[Path] = []
        self.closed = False
        self.confined = 0
        self._reply = reply

    def confine(self, _confinement: object, _root: Path, *, by_range: bool = False) -> None:
        self.confined += 1

    async def ask(self, path: Path, **_: Any) -> dict[str, Any] | None:
        self.asked.append(path)
        if isinstance(self._reply, dict):
            return self._reply
        self.alive = False
        self.end = Exit(None if self._reply else 1, self._reply, 0.1, 1000)
        return None

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[FakeProcess]]:
    """Let the children that are forked reply in order, the last reply repeatedly; returns the list of children."""

    def prepare(*replies: Reply) -> list[FakeProcess]:
        processes: list[FakeProcess] = []
        left = list(replies)

        async def fork(_: object) -> FakeProcess:
            processes.append(FakeProcess(left.pop(0) if len(left) > 1 else left[0]))
            return processes[-1]

        monkeypatch.setattr(probe_pool, "fork_probe_process", fork)
        return processes

    return prepare


def with_ffprobe(*scripts: Script) -> tuple[Prober, FakeSpawner]:
    """A prober whose ffprobe does in turn what the scripts say, the last one repeatedly."""
    left = list(scripts)
    spawner = FakeSpawner(lambda _: left.pop(0) if len(left) > 1 else left[0])
    return Prober(FFPROBE, spawner.as_spawner()), spawner


def session_of(prober: Prober, deadline: float | None = None) -> ProbeSession:
    return ProbeSession(prober.ffprobe, prober.full, prober.quick, deadline=deadline)


def with_pyav() -> Prober:
    return Prober(None, FakeSpawner(lambda _: Script()).as_spawner())


async def test_ffprobe_answers_where_it_is_installed() -> None:
    prober, spawner = with_ffprobe(Script({1: json.dumps(DOCUMENT).encode()}))
    assert prober.program == "ffprobe"
    assert await session_of(prober).probe(Path("/data/a.mp4"), ("-show_packets",)) == DOCUMENT
    [command] = spawner.commands
    assert (command[0], command[-2:]) == ("/usr/bin/ffprobe", ["-show_packets", "file:a.mp4"])


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script({2: b"file:a.mp4: Invalid data\n"}, code=1), "source_not_media"),
        (Script(code=None, signal=11), "source_crashes_probe"),
    ],
)
async def test_what_ffprobe_cannot_read(script: Script, code: str) -> None:
    prober, _ = with_ffprobe(script)
    with pytest.raises(SourceUnreadable) as caught:
        await session_of(prober).probe(Path("/data/a.mp4"))
    assert caught.value.code == code
    assert caught.value.stderr in {None, "a.mp4: Invalid data"}


ANSWER = Script({1: json.dumps(DOCUMENT).encode()})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
async def test_ffprobe_is_run_again_if_a_signal_ends_it(number: int) -> None:
    prober, spawner = with_ffprobe(Script(code=None, signal=number), ANSWER)
    assert await session_of(prober).probe(Path("/data/a.mp4")) == DOCUMENT
    assert len(spawner.commands) == 2


async def test_an_ffprobe_that_is_killed_twice_is_the_trouble_of_the_worker() -> None:
    prober, spawner = with_ffprobe(Script(code=None, signal=signal.SIGKILL))
    with pytest.raises(EngineKilled, match="killed from outside"):
        await session_of(prober).probe(Path("/data/a.mp4"))
    assert len(spawner.commands) == 2


async def test_pyav_answers_without_ffprobe(forked: Callable[..., list[FakeProcess]]) -> None:
    processes = forked({"ok": DOCUMENT})
    prober = with_pyav()
    assert prober.program == "pyav"
    assert await session_of(prober).probe(Path("/data/a.mp4")) == DOCUMENT
    assert processes[0].asked == [Path("/data/a.mp4")]


async def test_options_need_ffprobe() -> None:
    with pytest.raises(UnsupportedFeature, match="need ffprobe"):
        await session_of(with_pyav()).probe(Path("/data/a.mp4"), ("-show_packets",))


@pytest.mark.parametrize(
    ("reason", "kind", "code"),
    [
        ("not_found", SourceNotFound, "source_not_found"),
        ("permission", SourceForbidden, "source_forbidden"),
        ("not_a_file", SourceForbidden, "source_is_folder"),
        ("empty", SourceUnreadable, "source_empty"),
        ("incomplete", SourceUnreadable, "source_incomplete"),
        ("not_media", SourceUnreadable, "source_not_media"),
        ("unreadable", SourceUnreadable, "source_not_media"),
    ],
)
async def test_a_reason_becomes_an_error(
    forked: Callable[..., list[FakeProcess]], reason: str, kind: type[SourceError], code: str
) -> None:
    forked({"error": reason})
    with pytest.raises(kind) as caught:
        await session_of(with_pyav()).describe(Path("/data/a.mp4"))
    assert caught.value.code == code


async def test_a_probe_that_cannot_be_confined_describes_nothing(
    forked: Callable[..., list[FakeProcess]],
) -> None:
    forked({"error": CONFINEMENT_FAILED, "detail": "no Landlock"})
    with pytest.raises(EngineUnavailable):
        await session_of(with_pyav()).describe(Path("/data/a.mp4"))


async def test_one_child_serves_a_session_until_it_dies(forked: Callable[..., list[FakeProcess]]) -> None:
    forked({"ok": DOCUMENT}, None, {"ok": DOCUMENT})
    prober = with_pyav()
    async with prober.session() as first, prober.session() as second:
        await first.describe(Path("/a.mp4"))
        await first.describe(Path("/b.mp4"))
        assert len(first._full.processes) == 1
        assert first._full.processes[0].confined == 1  # type: ignore[attr-defined]
        with pytest.raises(SourceUnreadable) as caught:
            await second.describe(Path("/a.mp4"))
        assert caught.value.code == "source_crashes_probe"
        await second.describe(Path("/a.mp4"))
        assert len(second._full.processes) == 2
        children = [*first._full.processes, *second._full.processes]
        assert len(set(map(id, children))) == 3
    await prober.close()
    assert all(child.closed for child in children)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
async def test_a_new_child_is_asked_about_the_file_of_one_that_a_signal_has_ended(
    forked: Callable[..., list[FakeProcess]], number: int
) -> None:
    processes = forked(number, {"ok": DOCUMENT})
    session = session_of(with_pyav())
    assert await session.describe(Path("/a.mp4")) == DOCUMENT
    assert [process.confined for process in session._full.processes] == [1, 1]  # type: ignore[attr-defined]
    assert [process.asked for process in processes[:2]] == [[Path("/a.mp4")]] * 2


@pytest.mark.parametrize(
    ("number", "kind", "code", "fault"),
    [
        (signal.SIGKILL, EngineKilled, "engine_killed", Fault.WORKER),
        (signal.SIGSEGV, SourceUnreadable, "source_crashes_probe", Fault.SOURCE),
        (signal.SIGXCPU, SourceUnreadable, "source_crashes_probe", Fault.SOURCE),
    ],
)
async def test_a_second_child_that_a_signal_ends_is_an_error(
    forked: Callable[..., list[FakeProcess]], number: int, kind: type[WorkerError], code: str, fault: Fault
) -> None:
    forked(number)
    session = session_of(with_pyav())
    with pytest.raises(kind) as caught:
        await session.describe(Path("/a.mp4"))
    assert (caught.value.code, caught.value.fault) == (code, fault)
    assert len(session._full.processes) == 2


async def test_a_session_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fork(_: object) -> FakeProcess:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(probe_pool, "fork_probe_process", fork)
    prober = with_pyav()
    session = session_of(prober, deadline=time.monotonic() + 0.01)
    with pytest.raises(EngineTimedOut):
        await session.describe(Path("/a.mp4"))
    await prober.close()


class TestQuickProbe:
    """Children of `prober.quick` describe plain MP4 files; those of `prober.full` all others."""

    quick_reply: Reply

    @pytest.fixture
    def by_pool(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[FakeProcess]]:
        """The children of each pool; those of the quick one reply as `quick_replies` says, the others describe."""
        self.quick_reply = {"ok": {"streams": [], "format": {"filename": "quick"}}}
        processes: dict[str, list[FakeProcess]] = {"quick": [], "full": []}

        async def fork(forks: Spawner) -> FakeProcess:
            is_quick = "mp4" in str(forks._preload)
            reply = self.quick_reply if is_quick else {"ok": DOCUMENT}
            processes["quick" if is_quick else "full"].append(FakeProcess(reply))
            return processes["quick" if is_quick else "full"][-1]

        monkeypatch.setattr(probe_pool, "fork_probe_process", fork)
        return processes

    async def test_it_is_asked_for_brief_descriptions_only(self, by_pool: dict[str, list[FakeProcess]]) -> None:
        session = session_of(with_pyav())
        brief = await session.describe(Path("/a.mp4"), is_brief=True)
        assert brief["format"]["filename"] == "quick"
        assert not by_pool["full"]
        assert await session.describe(Path("/a.mp4")) == DOCUMENT
        assert await session.describe(Path("/a.mkv"), is_brief=True) == DOCUMENT
        assert len(by_pool["quick"][0].asked) == 1
        assert by_pool["quick"][0].confined == 1

    @pytest.mark.parametrize("reply", [{"error": "unusual"}, None, signal.SIGSEGV])
    async def test_what_it_does_not_know_is_described_in_full(
        self, by_pool: dict[str, list[FakeProcess]], reply: Reply
    ) -> None:
        self.quick_reply = reply
        assert await session_of(with_pyav()).describe(Path("/a.mp4"), is_brief=True) == DOCUMENT
        assert by_pool["full"][0].asked == [Path("/a.mp4")]

    @pytest.mark.parametrize(
        ("names", "prepared"), [(["a.mp4"], "quick"), (["a.mp4", "b.webm"], "full"), (["a.m3u8"], "full")]
    )
    async def test_the_child_that_is_needed_is_prepared(
        self, by_pool: dict[str, list[FakeProcess]], names: list[str], prepared: str
    ) -> None:
        prober = with_pyav()
        async with prober.session() as session:
            session.prepare(names)
            session.prepare(names)
            for _ in range(5):
                await asyncio.sleep(0)
            assert {name: len(each) for name, each in by_pool.items() if each} == {prepared: 1}
            assert by_pool[prepared][0].confined == 1
            await session.describe(Path("/") / names[-1], is_brief=True)
            assert len(by_pool[prepared]) == 1
        await prober.close()
        assert by_pool[prepared][0].closed

    async def test_nothing_is_prepared_for_outputs_that_are_no_media(
        self, by_pool: dict[str, list[FakeProcess]]
    ) -> None:
        async with with_pyav().session() as session:
            session.prepare([])
        assert by_pool == {"quick": [], "full": []}


async def test_the_next_idle_child_is_forked_when_the_job_has_ended(
    forked: Callable[..., list[FakeProcess]],
) -> None:
    processes = forked({"ok": DOCUMENT})
    prober = with_pyav()
    prober.full._refill()
    async with prober.session() as session:
        await session.describe(Path("/a.mp4"))
        assert len(processes) == 1, "while the job runs, its ffmpeg needs the processor"
    await until_async(lambda: len(processes) == 2 and processes[0].closed)
    async with prober.session() as session:
        await session.describe(Path("/b.mp4"))
    assert processes[1].asked == [Path("/b.mp4")]
    await prober.close()
    assert all(process.closed for process in processes)
