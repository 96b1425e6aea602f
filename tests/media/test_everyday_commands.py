"""Everyday commands as jobs produce the same files, byte for byte, as with ffmpeg alone."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import WorkerError
from support.jobs.everyday_commands import EVERYDAY, chain_of
from support.media.everyday_sources import copy_everyday_sources
from support.media.sources import FFMPEG
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Files that a command leaves for a later command of the chain are not outputs of the job.
PASSING_FILES = {
    "target size in two passes": {"ffmpeg2pass-0.log"},
    "two passes with a log file": {"p-0.log", "p-0.log.mbtree"},
    "x265 in two passes": {"x265_2pass.log", "x265_2pass.log.cutree"},
    "vp9 in two passes": {"ffmpeg2pass-0.log"},
    "by way of transport streams": {"a.ts", "b.ts"},
    "stabilise": {"t.trf"},
    "gif with a palette of its own": {"palette.png"},
    "pieces joined again": {"l.ffconcat"},
    "pictures and back": {f"f{number:03d}.png" for number in range(1, 11)},
    "one of several taken on": {"a.mp4"},
    "metadata by way of a file": {"m.txt"},
}
# ffmpeg writes the time of day at which a segment starts into HLS playlists of a DASH output.
CLOCK = re.compile(rb"(?<=\n#EXT-X-PROGRAM-DATE-TIME:)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}(?=\n)")
Files = dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs of ffmpeg without a worker, with the inputs of the data root."""
    shutil.rmtree(worker.data)
    copy_everyday_sources(tmp_path_factory, worker.data)
    return copy_everyday_sources(tmp_path_factory, tmp_path_factory.mktemp("everyday") / "alone")


@pytest.fixture(scope="module")
def inputs(alone: Path) -> Files:
    """Digests of the inputs by name."""
    return _digests(alone)


@pytest.mark.parametrize("purpose", EVERYDAY)
async def test_a_job_makes_what_the_command_makes(
    worker: Worker, alone: Path, inputs: Files, purpose: str
) -> None:
    command = EVERYDAY[purpose]
    for tokens in chain_of(command):
        await asyncio.to_thread(_run_alone, tokens, alone)
    expected = _take_new(alone, inputs)
    try:
        result = await worker.process(command)
    except WorkerError as error:
        raise AssertionError(f"{error.code}: {error} {error.stderr}") from None
    made = _take_new(worker.data, inputs)
    assert made == {n: digest for n, digest in expected.items() if n not in PASSING_FILES.get(purpose, ())}
    assert {output["name"] for output in result["outputs"]} == set(made)
    assert _digests(worker.data) == inputs


def _run_alone(tokens: list[str], folder: Path) -> None:
    run = subprocess.run(
        [FFMPEG, "-nostdin", "-y", "-v", "error", *tokens],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if run.returncode == -signal.SIGABRT and "auto" in tokens:
        # FFmpeg aborts on `-hwaccel auto` where libva is missing; the worker then decodes in software.
        at = tokens.index("auto")
        _run_alone([*tokens[: at - 1], *tokens[at + 1 :]], folder)
        return
    assert run.returncode == 0, run.stderr


def _digests(folder: Path, without: Collection[str] = ()) -> Files:
    """Return the digests of the files in `folder` by name, except those in `without`."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: _digest(path) for name, path in paths.items() if name not in without}


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".m3u8":
        content = CLOCK.sub(b"the time of day", content)
    return hashlib.sha256(content).hexdigest()


def _take_new(folder: Path, inputs: Files) -> Files:
    """Remove new files and return their digests by name."""
    made = _digests(folder, without=inputs)
    for name in made:
        (folder / name).unlink()
    return made
