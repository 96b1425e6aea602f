"""Everyday commands produce the same files in the sandboxes of other machines as without one.

test_everyday_commands.py runs all of them in the sandbox of this machine; here run the commands that need fonts,
threads or folders of the system.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from ffmpeg_worker.sandbox import sandbox as sandbox_module
from ffmpeg_worker.sandbox.level import Level
from support.attacks.attack_files import open_public_folder
from support.attacks.sandboxes import MACHINE, WITHOUT_LANDLOCK, needs_sandbox
from support.jobs.everyday_commands import EVERYDAY
from support.media.everyday_sources import copy_everyday_sources
from support.worker import Worker, open_worker

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

# They use fonts, threads, pass logs, folders, concat lists or libraries of their own.
DEMANDING = [
    *(
        "text",
        "text from a file",
        "clock",
        "burn subtitles",
        "burn subtitles with a style",
        "burn ass from a folder",
    ),
    *("burn subtitles of the film", "two passes with a log file", "x265 in two passes", "vp9 in two passes"),
    *("av1", "aom", "hevc", "webm", "stabilise", "concat list", "by way of transport streams", "slide show"),
    *("slide show by wild card", "hls ladder", "hls encrypted", "dash ladder", "from a playlist", "segments"),
    *("look-up table", "attachment", "attachment taken out", "psnr with a log", "movie source", "several at once"),
    *("pictures and back", "avif", "jpeg xl", "tone mapping", "loudness", "a name with blanks"),
]
MACHINES = {
    "worker's user": replace(MACHINE, no_users="tested"),
    "root of its own": WITHOUT_LANDLOCK,
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with open_public_folder() as ground:
        yield copy_everyday_sources(tmp_path_factory, ground / "sources")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(sources: Path) -> AsyncIterator[Worker]:
    shutil.copytree(sources, sources.parent / "plain/data")
    async with open_worker(sources.parent / "plain", sandbox="off", option_policy="off") as worker:
        yield worker


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, str]]:
    """Digests of the files of the unconfined worker, by name, by purpose."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=MACHINES)
async def confined(sources: Path, request: pytest.FixtureRequest) -> AsyncIterator[Worker]:
    machine = MACHINES[request.param]
    if machine.missing:
        pytest.skip(f"not available on this machine: {machine.missing}")
    root = sources.parent / request.param
    shutil.copytree(sources, root / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox_module, "detect_sandbox_support", lambda _: machine)
        async with open_worker(root) as worker:
            assert worker.services.tools.sandbox.level in {Level.FULL, Level.CHROOT}
            yield worker


@pytest.mark.parametrize("purpose", DEMANDING)
@pytest.mark.sampled(3)
async def test_a_confined_command_makes_the_same_files(
    confined: Worker, plain: Worker, expected: dict[str, dict[str, str]], purpose: str
) -> None:
    if purpose not in expected:
        expected[purpose] = await _made(plain, purpose)
    made = await _made(confined, purpose)
    assert made
    assert made == expected[purpose]


async def _made(worker: Worker, purpose: str) -> dict[str, str]:
    """Remove the output files and return their digests by name."""
    result = await worker.process(EVERYDAY[purpose])
    digests = {}
    for name in {output["name"] for output in result["outputs"]}:
        path = worker.data / name
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        path.unlink()
    return digests
