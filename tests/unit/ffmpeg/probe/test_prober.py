"""The choice of the probe program, and errors made from its responses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

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
from ffmpeg_worker.ffmpeg.probe.sample_mp4 import make_sample_mp4
from ffmpeg_worker.process.child import Exit
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from ffmpeg_worker.sandbox.jail import Jail
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
    return ProbeSession(prober.ffprobe, prober.pool, deadline=deadline)


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
        assert len(first._child.processes) == 1
        assert first._child.processes[0].confined == 1  # type: ignore[attr-defined]
        with pytest.raises(SourceUnreadable) as caught:
            await second.describe(Path("/a.mp4"))
        assert caught.value.code == "source_crashes_probe"
        await second.describe(Path("/a.mp4"))
        assert len(second._child.processes) == 2
        children = [*first._child.processes, *second._child.processes]
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
    assert [process.confined for process in session._child.processes] == [1, 1]  # type: ignore[attr-defined]
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
    assert len(session._child.processes) == 2


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


class TestPlainFiles:
    """Plain MP4 files are described without a child."""

    @pytest.fixture
    def plain(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.mp4"
        path.write_bytes(make_sample_mp4())
        return path

    async def test_no_child_is_asked_for_a_brief_description(
        self, forked: Callable[..., list[FakeProcess]], plain: Path
    ) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        brief = await session.describe(plain, is_brief=True)
        assert (brief["streams"][0]["width"], brief["format"]["filename"], processes) == (64, "a.mp4", [])
        assert await session.describe(plain) == DOCUMENT
        assert await session.describe(plain.with_name("a.mkv"), is_brief=True) == DOCUMENT

    @pytest.mark.parametrize("kind", ["text", "link", "folder is a link", "missing", "pipe"])
    async def test_what_is_no_plain_file_of_the_job_is_left_to_a_child(
        self, forked: Callable[..., list[FakeProcess]], plain: Path, kind: str
    ) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        other = plain.with_name("b.mp4")
        match kind:
            case "text":
                other.write_text("no media")
            case "link":
                other.symlink_to(plain)
            case "folder is a link":
                plain.with_name("folder").symlink_to(plain.parent)
                other = plain.with_name("folder") / "a.mp4"
            case "pipe":
                os.mkfifo(other)
        assert await session.describe(other, is_brief=True) == DOCUMENT
        assert processes[0].asked == [other]

    async def test_what_lies_outside_of_the_root_of_the_job_is_left_to_a_child(
        self, forked: Callable[..., list[FakeProcess]], plain: Path
    ) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        session._jail = cast("Jail", SimpleNamespace(root=plain.parent / "job", for_loaded_probe=lambda _: None))
        assert await session.describe(plain, is_brief=True) == DOCUMENT
        assert processes[0].asked == [plain]

    @pytest.mark.parametrize(
        ("names", "count"), [(["a.mp4"], 0), ([], 0), (["a.mp4", "b.webm"], 1), (["a.m3u8"], 1)]
    )
    async def test_a_child_is_prepared_if_it_is_needed(
        self, forked: Callable[..., list[FakeProcess]], names: list[str], count: int
    ) -> None:
        processes, prober = forked({"ok": DOCUMENT}), with_pyav()
        async with prober.session() as session:
            session.prepare(names)
            session.prepare(names)
            for _ in range(5):
                await asyncio.sleep(0)
            assert [process.confined for process in processes] == [1] * count
            await session.describe(Path("/a.webm"), is_brief=True)
            assert len(processes) == 1
        await prober.close()
        assert processes[0].closed


class TestBegunDescriptions:
    """An output is described while its FFmpeg ends; the description counts if nothing is written afterwards."""

    @pytest.fixture
    def output(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.mkv"
        path.write_bytes(b"media")
        return path

    async def test_it_is_used_once(self, forked: Callable[..., list[FakeProcess]], output: Path) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        session.begin(output)
        session.begin(output.with_name("b.mkv"))  # one at a time
        assert await session.describe(output, is_brief=True) == DOCUMENT
        assert processes[0].asked == [output]
        assert await session.describe(output, is_brief=True) == DOCUMENT
        assert processes[0].asked == [output] * 2
        await session.close()

    @pytest.mark.parametrize("change", ["written", "replaced", "removed"])
    async def test_a_file_that_changes_is_described_again(
        self, forked: Callable[..., list[FakeProcess]], output: Path, change: str
    ) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        session.begin(output)
        await until_async(lambda: processes != [] and processes[0].asked != [])
        match change:
            case "written":
                output.write_bytes(b"more media")
            case "replaced":
                output.with_name("new").write_bytes(b"MEDIA")
                output.with_name("new").replace(output)
            case _:
                output.unlink()
        await session.describe(output, is_brief=True)
        assert processes[0].asked == [output] * 2
        await session.close()

    async def test_other_questions_are_asked(self, forked: Callable[..., list[FakeProcess]], output: Path) -> None:
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        session.begin(output)
        await session.describe(output)
        await session.describe(output, is_brief=True, is_own_playlist=True)
        await session.describe(output.with_name("b.mkv"), is_brief=True)
        assert len(processes[0].asked) == 4
        await session.close()

    async def test_what_is_no_file_is_described_when_it_is_asked_for(
        self, forked: Callable[..., list[FakeProcess]], tmp_path: Path
    ) -> None:
        processes, session = forked({"error": "not_a_file"}), session_of(with_pyav())
        session.begin(tmp_path)
        await asyncio.sleep(0.01)
        assert processes == []
        with pytest.raises(SourceForbidden):
            await session.describe(tmp_path, is_brief=True)
        await session.close()

    async def test_an_error_is_that_of_the_later_description(
        self, forked: Callable[..., list[FakeProcess]], output: Path
    ) -> None:
        processes, session = forked({"error": "incomplete"}), session_of(with_pyav())
        session.begin(output)
        with pytest.raises(SourceUnreadable):
            await session.describe(output, is_brief=True)
        assert processes[0].asked == [output] * 2
        await session.close()

    async def test_it_ends_with_the_session(
        self, forked: Callable[..., list[FakeProcess]], output: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def ask(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(FakeProcess, "ask", ask)
        processes, session = forked({"ok": DOCUMENT}), session_of(with_pyav())
        session.begin(output)
        await until_async(lambda: processes != [])
        await asyncio.wait_for(session.close(), 5)


async def test_the_next_idle_child_is_forked_when_the_job_has_ended(
    forked: Callable[..., list[FakeProcess]],
) -> None:
    processes = forked({"ok": DOCUMENT})
    prober = with_pyav()
    prober.pool._refill()
    async with prober.session() as session:
        await session.describe(Path("/a.mp4"))
        assert len(processes) == 1, "while the job runs, its ffmpeg needs the processor"
    await until_async(lambda: len(processes) == 2 and processes[0].closed)
    async with prober.session() as session:
        await session.describe(Path("/b.mp4"))
    assert processes[1].asked == [Path("/b.mp4")]
    await prober.close()
    assert all(process.closed for process in processes)
