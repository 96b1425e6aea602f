"""Hostile files by every way into a job: it ends, and nothing gets out, stays behind or was reached."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from security.attacks import hostile_files
from security.attacks.attack import Attack
from support.attacks.fixtures import make_kit, open_ground
from support.attacks.sandboxes import needs_sandbox
from support.attacks.targets import Attempt, World, open_world
from support.media.sources import make
from support.wait_until import until_async

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

Door = Callable[[str], dict[str, Any]]
SEEDS = range(50)
WORLDS = 2


def _process(*arguments: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": [list(arguments)]}}


DOORS: dict[str, Door] = {
    "copy": lambda name: _process("-i", name, "-c", "copy", "o.mkv"),
    "decode": lambda name: _process("-i", name, "-f", "null", "-"),
    "probe": lambda name: {"action": "probe", "data": {"input": name}},
    "vmaf": lambda name: {"action": "vmaf", "data": {"input1": "tiny.mp4", "input2": name}},
    "subtitles": lambda name: _process("-i", "tiny.mp4", "-vf", f"subtitles={name}", "o.mp4"),
    "movie": lambda name: _process("-i", "tiny.mp4", "-vf", f"movie={name}", "o.mp4"),
    "cover": lambda name: _process("-i", "tiny.mp4", "-i", name, "-map", "0", "-map", "1", "-c", "copy", "o.mp4"),
}
# Where nothing is in the way, each door leads to the victim by one of these.
WAYS_THROUGH = {"copy": "a playlist", "probe": "a playlist", "subtitles": "a playlist", "movie": "a playlist"}
FILES = {attack.name: attack for attack in hostile_files.ATTACKS}
ENDLESS = "a playlist of itself"
# Drawings are no media where the policy is on.
MAY_TAKE_ALL_ITS_TIME = {"a drawing of drawings"}


@pytest.fixture(scope="module")
def kit() -> Iterator[Path]:
    with open_ground() as folder:
        yield make_kit(folder / "kit")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["on", "off"], ids=["policy", "no policy"])
async def worlds(kit: Path, request: pytest.FixtureRequest) -> AsyncIterator[list[World]]:
    async with AsyncExitStack() as stack:
        opening = (open_world(kit, option_policy=request.param, sandbox="require") for _ in range(WORLDS))
        yield [await stack.enter_async_context(world) for world in opening]


async def _send(worlds: list[World], door: Door, files: dict[str, Attack]) -> dict[str, str]:
    """Every file through a door; what was wrong, by the file's name."""
    waiting = list(files.items())
    wrong: dict[str, str] = {}

    async def work(world: World) -> None:
        while waiting:
            name, attack = waiting.pop()
            attempt = await world.by_job(attack, door(next(iter(attack.files))))
            problem = await _problem(attempt, world)
            if problem and not (name in MAY_TAKE_ALL_ITS_TIME and problem.startswith("timed_out")):
                wrong[name] = problem

    await asyncio.gather(*map(work, worlds))
    return wrong


async def _problem(attempt: Attempt, world: World) -> str:
    if attempt.signs:
        return ", ".join(attempt.signs)
    await until_async(lambda: not world.programs())  # the probe of a job is ended, but not waited for
    code = attempt.why.partition(":")[0]
    return attempt.why if code in {"timed_out", "worker_error", "engine_unavailable"} else ""


def _file(content: bytes, suffix: str = "mp4") -> Attack:
    return Attack("", "", {f"x.{suffix}": content})


@pytest.mark.parametrize("door", DOORS)
async def test_files_that_lead_elsewhere(worlds: list[World], door: str) -> None:
    files = {name: attack for name, attack in FILES.items() if name != ENDLESS}
    assert await _send(worlds, DOORS[door], files) == {}


@pytest.mark.parametrize("worlds", ["on"], indirect=True)
async def test_a_playlist_of_itself_is_probed_no_longer_than_the_job_may_take(worlds: list[World]) -> None:
    async with asyncio.timeout(10):
        await _send(worlds, DOORS["probe"], {ENDLESS: FILES[ENDLESS]})


async def test_such_files_do_lead_elsewhere_where_nothing_is_in_the_way(kit: Path) -> None:
    async with open_world(kit, option_policy="off", sandbox="off") as world:
        for door, name in WAYS_THROUGH.items():
            attack = FILES[name]
            attempt = await world.by_job(attack, DOORS[door](next(iter(attack.files))))
            assert attempt.signs, f"{door}: {attempt.why}"


@pytest.mark.parametrize("worlds", ["on"], indirect=True)
@pytest.mark.parametrize("door", ["copy", "probe"])
async def test_files_of_chance(worlds: list[World], door: str) -> None:
    files = {f"seed {seed}": _file(random.Random(seed).randbytes(1 << 20)) for seed in SEEDS}
    assert await _send(worlds, DOORS[door], files) == {}


@pytest.mark.parametrize("worlds", ["on"], indirect=True)
@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
async def test_damaged_films(worlds: list[World], kit: Path, suffix: str) -> None:
    """Some bytes are others, or the rest is missing."""
    whole = (kit / ("att.mkv" if suffix == "mkv" else f"tiny.{suffix}")).read_bytes()
    files = {f"{share}/8 of it": _file(whole[: len(whole) * share // 8], suffix) for share in range(1, 8)}
    for seed in SEEDS[::3]:
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        files[f"seed {seed}"] = _file(bytes(damaged), suffix)
    assert await _send(worlds, DOORS["decode"], files) == {}


@pytest.mark.parametrize("worlds", ["on"], indirect=True)
async def test_a_film_of_999_tracks(worlds: list[World], kit: Path) -> None:
    tracks = kit.parent / "tracks.mkv"
    if not tracks.exists():
        make(tracks, "-f", "lavfi", "-i", "sine=d=0.05", *("-map", "0") * 999, "-c:a", "pcm_u8")
    for door in ("copy", "probe", "decode"):
        assert await _send(worlds, DOORS[door], {"tracks": _file(tracks.read_bytes(), "mkv")}) == {}
