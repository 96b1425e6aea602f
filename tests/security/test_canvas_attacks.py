"""Hostile compositions: nothing that is not the job's is reached, and what is refused says which layer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import av
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.scene.scene import VideoContent
from security.attacks.compositions import ATTACKS, Composed
from security.attacks.media import playlist
from support.attacks.detectors import Watch
from support.attacks.fixtures import fill_folder, make_kit, open_ground
from support.attacks.sandboxes import needs_sandbox
from support.attacks.targets import Attempt, World, open_world

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

WORLDS = 2
UNREADABLE = {"unreadable_source", "wrong_kind_of_source", "source_unreadable", "source_empty", "source_too_large"}


@pytest.fixture(scope="module")
def kit() -> Iterator[Path]:
    with open_ground() as folder:
        yield make_kit(folder / "kit")


@asynccontextmanager
async def _worlds(kit: Path, sandbox: str) -> AsyncIterator[list[World]]:
    async with AsyncExitStack() as stack:
        opening = (open_world(kit, option_policy="on", sandbox=sandbox) for _ in range(WORLDS))
        yield [await stack.enter_async_context(world) for world in opening]


async def _try(worlds: list[World], attacks: tuple[Composed, ...]) -> dict[str, Attempt]:
    waiting, attempts = list(attacks), {}

    async def work(world: World) -> None:
        while waiting:
            composed = waiting.pop(0)
            attempts[composed.name] = await world.by_job(composed.attack, composed.job)

    await asyncio.gather(*map(work, worlds))
    return attempts


def _problem(composed: Composed, attempt: Attempt) -> str:
    if attempt.signs:
        return ", ".join(attempt.signs)
    expected = UNREADABLE if composed.code == "unreadable" else {composed.code or ""}
    return "" if attempt.why.partition(":")[0] in expected else f"{attempt.why}, not {composed.code}"


async def test_none_gets_through(kit: Path) -> None:
    async with _worlds(kit, "require") as worlds:
        attempts = await _try(worlds, ATTACKS)
    problems = {composed.name: _problem(composed, attempts[composed.name]) for composed in ATTACKS}
    assert "\n".join(f"{name}: {problem}" for name, problem in problems.items() if problem) == ""


async def test_without_the_sandbox_lists_lead_the_probe_elsewhere(kit: Path) -> None:
    """The attacks are right."""
    lists = tuple(composed for composed in ATTACKS if composed.is_sandbox_only)
    async with _worlds(kit, "off") as worlds:
        attempts = await _try(worlds, lists)
    assert lists
    assert [name for name, attempt in attempts.items() if not attempt.signs] == []


async def test_what_renderers_read_with_follows_lists_unless_told_not_to(kit: Path) -> None:
    with open_ground() as folder:
        (folder / "other").mkdir()
        fill_folder(folder / "other", kit)
        (folder / "x.m3u8").write_text(playlist(f"{folder}/other/victim.ts"))
        watch = Watch()
        watch.look_at(folder / "other")
        content = VideoContent("x.m3u8", (160, 90), 0, 1)
        with pytest.raises(RasterError):
            VideoSource(content, folder / "x.m3u8", (160, 90)).render(0)
        told = watch.take()
        with av.open(str(folder / "x.m3u8")) as container:
            next(container.demux())
        assert any("victim" in sign for sign in watch.take()), told
        watch.close()
