"""The choice of the probe program, and errors made from its responses."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ffmpeg_worker.errors import (
    EngineTimedOut,
    EngineUnavailable,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    UnsupportedFeature,
)
from ffmpeg_worker.ffmpeg.probe import prober as prober_module
from ffmpeg_worker.ffmpeg.probe.prober import Prober, ProbeSession
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from support.programs.fake_spawner import FakeSpawner, Script

DOCUMENT = {"streams": [], "format": {"filename": "a.mp4"}}
FFPROBE = Path("/usr/bin/ffprobe")


class FakeProcess:
    """A child that gives one reply to every file; None: it dies."""

    def __init__(self, reply: dict[str, Any] | None) -> None:
        self.alive = True
        self.asked: list[Path] = []
        self.closed = False
        self.confined = 0
        self._reply = reply

    def confine(self, _confinement: object, _root: Path) -> None:
        self.confined += 1

    async def ask(self, path: Path) -> dict[str, Any] | None:
        self.asked.append(path)
        self.alive = self._reply is not None
        return self._reply

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[FakeProcess]]:
    """Let the children that are forked reply in order, the last reply repeatedly; returns the list of children."""

    def prepare(*replies: dict[str, Any] | None) -> list[FakeProcess]:
        processes: list[FakeProcess] = []
        left = list(replies)

        async def fork(_: object) -> FakeProcess:
            processes.append(FakeProcess(left.pop(0) if len(left) > 1 else left[0]))
            return processes[-1]

        monkeypatch.setattr(prober_module, "fork_probe_process", fork)
        return processes

    return prepare


def with_ffprobe(script: Script) -> tuple[Prober, FakeSpawner]:
    spawner = FakeSpawner(lambda _: script)
    return Prober(FFPROBE, spawner.as_spawner()), spawner


def with_pyav() -> Prober:
    return Prober(None, FakeSpawner(lambda _: Script()).as_spawner())


async def test_ffprobe_answers_where_it_is_installed() -> None:
    prober, spawner = with_ffprobe(Script({1: json.dumps(DOCUMENT).encode()}))
    assert prober.program == "ffprobe"
    assert await ProbeSession(prober).probe(Path("/data/a.mp4"), ("-show_packets",)) == DOCUMENT
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
        await ProbeSession(prober).probe(Path("/data/a.mp4"))
    assert caught.value.code == code
    assert caught.value.stderr in {None, "a.mp4: Invalid data"}


async def test_pyav_answers_without_ffprobe(forked: Callable[..., list[FakeProcess]]) -> None:
    processes = forked({"ok": DOCUMENT})
    prober = with_pyav()
    assert prober.program == "pyav"
    assert await ProbeSession(prober).probe(Path("/data/a.mp4")) == DOCUMENT
    assert processes[0].asked == [Path("/data/a.mp4")]


async def test_options_need_ffprobe() -> None:
    with pytest.raises(UnsupportedFeature, match="need ffprobe"):
        await ProbeSession(with_pyav()).probe(Path("/data/a.mp4"), ("-show_packets",))


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
        await ProbeSession(with_pyav()).describe(Path("/data/a.mp4"))
    assert caught.value.code == code


async def test_a_probe_that_cannot_be_confined_describes_nothing(
    forked: Callable[..., list[FakeProcess]],
) -> None:
    forked({"error": CONFINEMENT_FAILED, "detail": "no Landlock"})
    with pytest.raises(EngineUnavailable):
        await ProbeSession(with_pyav()).describe(Path("/data/a.mp4"))


async def test_one_child_serves_a_session_until_it_dies(forked: Callable[..., list[FakeProcess]]) -> None:
    forked({"ok": DOCUMENT}, None, {"ok": DOCUMENT})
    prober = with_pyav()
    async with prober.session() as first, prober.session() as second:
        await first.describe(Path("/a.mp4"))
        await first.describe(Path("/b.mp4"))
        assert len(first.processes) == 1
        assert first.processes[0].confined == 1  # type: ignore[attr-defined]
        with pytest.raises(SourceUnreadable) as caught:
            await second.describe(Path("/a.mp4"))
        assert caught.value.code == "source_crashes_probe"
        await second.describe(Path("/a.mp4"))
        assert len(second.processes) == 2
        children = [*first.processes, *second.processes]
        assert len(set(map(id, children))) == 3
    await prober.close()
    assert all(child.closed for child in children)  # type: ignore[attr-defined]


async def test_a_session_ends_at_its_deadline() -> None:
    prober = SimpleNamespace(program="pyav")

    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    prober.take_process = wait_for_ever
    session = ProbeSession(prober, deadline=time.monotonic() + 0.01)  # type: ignore[arg-type]
    with pytest.raises(EngineTimedOut):
        await session.describe(Path("/a.mp4"))
