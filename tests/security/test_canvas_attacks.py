"""Hostile compositions reach nothing outside their job, and each error names the layer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import av
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.scene.content import VideoContent
from security.attacks.compositions import ATTACKS, HostileComposition
from security.attacks.media import playlist
from support.attacks.attack_files import open_public_folder, share_attacker_files, write_victim_files
from support.attacks.detectors import FolderWatch
from support.attacks.sandboxes import needs_sandbox
from support.attacks.targets import AttackTarget, Attempt, open_attack_target

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

TARGETS = 2
UNREADABLE = {"unreadable_source", "wrong_kind_of_source", "source_unreadable", "source_empty", "source_too_large"}


@pytest.fixture(scope="module")
def attacker_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return share_attacker_files(tmp_path_factory)


@asynccontextmanager
async def _open_targets(attacker_files: Path, sandbox: str) -> AsyncIterator[list[AttackTarget]]:
    async with AsyncExitStack() as stack:
        opening = (open_attack_target(attacker_files, option_policy="on", sandbox=sandbox) for _ in range(TARGETS))
        yield [await stack.enter_async_context(target) for target in opening]


async def _try(targets: list[AttackTarget], attacks: tuple[HostileComposition, ...]) -> dict[str, Attempt]:
    waiting, attempts = list(attacks), {}

    async def work(target: AttackTarget) -> None:
        while waiting:
            composition = waiting.pop(0)
            attempts[composition.name] = await target.run_as_job(composition.attack, composition.job)

    await asyncio.gather(*map(work, targets))
    return attempts


def _problem(composition: HostileComposition, attempt: Attempt) -> str:
    if attempt.effects:
        return ", ".join(attempt.effects)
    expected = UNREADABLE if composition.code == "unreadable" else {composition.code or ""}
    return "" if attempt.why.partition(":")[0] in expected else f"{attempt.why}, not {composition.code}"


async def test_no_attack_succeeds(attacker_files: Path) -> None:
    async with _open_targets(attacker_files, "require") as targets:
        attempts = await _try(targets, ATTACKS)
    problems = {composition.name: _problem(composition, attempts[composition.name]) for composition in ATTACKS}
    assert "\n".join(f"{name}: {problem}" for name, problem in problems.items() if problem) == ""


async def test_without_the_sandbox_the_probe_follows_lists(attacker_files: Path) -> None:
    """The attacks succeed where nothing prevents them."""
    lists = tuple(composition for composition in ATTACKS if composition.is_sandbox_only)
    async with _open_targets(attacker_files, "off") as targets:
        attempts = await _try(targets, lists)
    assert lists
    assert [name for name, attempt in attempts.items() if not attempt.effects] == []


async def test_libav_follows_lists_unless_the_renderer_forbids_it(attacker_files: Path) -> None:
    with open_public_folder() as folder:
        (folder / "other").mkdir()
        write_victim_files(folder / "other", attacker_files)
        (folder / "x.m3u8").write_text(playlist(f"{folder}/other/victim.ts"))
        watch = FolderWatch()
        watch.watch(folder / "other")
        content = VideoContent("x.m3u8", (160, 90), 0, 1)
        with pytest.raises(RasterError):
            VideoSource(content, folder / "x.m3u8", (160, 90)).render(0)
        accesses = watch.take_events()
        with av.open(str(folder / "x.m3u8")) as container:
            next(container.demux())
        assert any("victim" in access for access in watch.take_events()), accesses
        watch.close()
