"""Hostile files as every kind of input: the job ends, reaches and leaks no secret, and leaves nothing behind.

Each file that refers to others goes into one kind of input, the next file into another; `FULL_CORPUS=1` gives each
to all kinds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from security.attacks import hostile_files
from security.attacks.attack import Attack
from security.attacks.media import nested_svg
from support.attacks.attack_files import share_attacker_files
from support.attacks.sandboxes import needs_sandbox
from support.attacks.targets import AttackTarget, Attempt, open_attack_target
from support.extent import IS_FULL
from support.jobs.corpus_sample import sample_in_turn
from support.media.sources import make
from support.wait_until import until_async

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

MakeJob = Callable[[str], dict[str, Any]]
SEEDS = range(8 if IS_FULL else 3)
TARGETS = 2


def _process(*arguments: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": [list(arguments)]}}


INPUTS: dict[str, MakeJob] = {
    "copy": lambda name: _process("-i", name, "-c", "copy", "o.mkv"),
    "decode": lambda name: _process("-i", name, "-f", "null", "-"),
    "probe": lambda name: {"action": "probe", "data": {"input": name}},
    "vmaf": lambda name: {"action": "vmaf", "data": {"input1": "tiny.mp4", "input2": name}},
    "subtitles": lambda name: _process("-i", "tiny.mp4", "-vf", f"subtitles={name}", "o.mp4"),
    "movie": lambda name: _process("-i", "tiny.mp4", "-vf", f"movie={name}", "o.mp4"),
    "cover": lambda name: _process("-i", "tiny.mp4", "-i", name, "-map", "0", "-map", "1", "-c", "copy", "o.mp4"),
}
# Without protection, each kind of input reaches the victim's file through this hostile file.
SUCCEEDING = {"copy": "a playlist", "probe": "a playlist", "subtitles": "a playlist", "movie": "a playlist"}
ALSO_WITH_POLICY = ("movie",)
"""The option policy only refuses commands; what runs with it runs in the same way without it."""
FILES = {attack.name: attack for attack in hostile_files.ATTACKS}
ENDLESS = "a playlist of itself"
TAKEN = sample_in_turn(
    FILES, tuple(INPUTS), always={(file, kind) for kind, file in SUCCEEDING.items()}, count_each=1
)
# Rendering it takes longer than the timeout.
MAY_TIME_OUT = {"an SVG of nested groups"}


@pytest.fixture(scope="module")
def attacker_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return share_attacker_files(tmp_path_factory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def targets(attacker_files: Path, request: pytest.FixtureRequest) -> AsyncIterator[list[AttackTarget]]:
    async with AsyncExitStack() as stack:
        opening = (
            open_attack_target(attacker_files, option_policy=request.param, sandbox="require")
            for _ in range(TARGETS)
        )
        yield [await stack.enter_async_context(target) for target in opening]


async def _send(targets: list[AttackTarget], make_job: MakeJob, files: dict[str, Attack]) -> dict[str, str]:
    """Run one kind of job on every file; return the problems by file name."""
    waiting = list(files.items())
    wrong: dict[str, str] = {}

    async def work(target: AttackTarget) -> None:
        while waiting:
            name, attack = waiting.pop()
            attempt = await target.run_as_job(attack, make_job(next(iter(attack.files))))
            problem = await _problem(attempt, target)
            if problem and not (name in MAY_TIME_OUT and problem.startswith("timed_out")):
                wrong[name] = problem

    await asyncio.gather(*map(work, targets))
    return wrong


async def _problem(attempt: Attempt, target: AttackTarget) -> str:
    if attempt.effects:
        return ", ".join(attempt.effects)
    await until_async(
        lambda: not target.running_programs()
    )  # the worker ends the probe of a job, but does not wait for it
    code = attempt.why.partition(":")[0]
    return attempt.why if code in {"timed_out", "worker_error", "engine_unavailable"} else ""


def _file(content: bytes, suffix: str = "mp4") -> Attack:
    return Attack("", "", {f"x.{suffix}": content})


@pytest.mark.parametrize(
    ("targets", "kind"),
    [*(("off", kind) for kind in INPUTS), *(("on", kind) for kind in ALSO_WITH_POLICY)],
    indirect=["targets"],
)
async def test_files_that_refer_to_others_reach_nothing(targets: list[AttackTarget], kind: str) -> None:
    files = {name: attack for name, attack in FILES.items() if name != ENDLESS and kind in TAKEN[name]}
    assert await _send(targets, INPUTS[kind], files) == {}


@pytest.mark.parametrize("targets", ["on"], indirect=True)
async def test_probing_a_playlist_of_itself_ends_with_the_jobs_timeout(targets: list[AttackTarget]) -> None:
    async with asyncio.timeout(10):
        await _send(targets, INPUTS["probe"], {ENDLESS: FILES[ENDLESS]})


@pytest.mark.parametrize("targets", ["off"], indirect=True)
async def test_ffmpeg_refuses_a_drawing_nested_deeper_than_librsvg_allows(targets: list[AttackTarget]) -> None:
    """Each group uses the one before once, so librsvg soon reaches its limit of 500 layers."""
    for levels, code in ((200, ""), (300, "input_corrupt")):
        drawing = Attack("", "", {"x.svg": nested_svg(levels, width=1)})
        attempt = await targets[0].run_as_job(drawing, INPUTS["decode"]("x.svg"))
        assert (attempt.effects, attempt.why.partition(":")[0]) == ((), code)


async def test_such_files_reach_the_victim_without_protection(attacker_files: Path) -> None:
    async with open_attack_target(attacker_files, option_policy="off", sandbox="off") as target:
        for kind, name in SUCCEEDING.items():
            attack = FILES[name]
            attempt = await target.run_as_job(attack, INPUTS[kind](next(iter(attack.files))))
            assert attempt.effects, f"{kind}: {attempt.why}"


@pytest.mark.parametrize("targets", ["on"], indirect=True)
@pytest.mark.parametrize("kind", ["copy", "probe"])
async def test_random_bytes_reach_nothing(targets: list[AttackTarget], kind: str) -> None:
    files = {f"seed {seed}": _file(random.Random(seed).randbytes(1 << 20)) for seed in SEEDS}
    assert await _send(targets, INPUTS[kind], files) == {}


@pytest.mark.parametrize("targets", ["on"], indirect=True)
@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
async def test_damaged_videos_reach_nothing(
    targets: list[AttackTarget], attacker_files: Path, suffix: str
) -> None:
    """Bytes are changed, or the end is missing."""
    whole = (attacker_files / ("att.mkv" if suffix == "mkv" else f"tiny.{suffix}")).read_bytes()
    files = {f"{share}/8 of it": _file(whole[: len(whole) * share // 8], suffix) for share in range(1, 8)}
    for seed in SEEDS:
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        files[f"seed {seed}"] = _file(bytes(damaged), suffix)
    assert await _send(targets, INPUTS["decode"], files) == {}


@pytest.mark.parametrize("targets", ["on"], indirect=True)
async def test_a_file_of_999_tracks_reaches_nothing(targets: list[AttackTarget], tmp_path: Path) -> None:
    tracks = make(
        tmp_path / "tracks.mkv", "-f", "lavfi", "-i", "sine=d=0.05", *("-map", "0") * 999, "-c:a", "pcm_u8"
    )
    for kind in ("copy", "probe", "decode"):
        assert await _send(targets, INPUTS[kind], {"tracks": _file(tracks.read_bytes(), "mkv")}) == {}
