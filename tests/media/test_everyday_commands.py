"""Everyday commands as jobs produce the same files, byte for byte, as with ffmpeg alone.

`FULL_CORPUS=1` runs all of them, not only a sample.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from support.bare_ffmpeg import Files, digests
from support.compared_commands import check_same_files
from support.jobs.corpus_sample import sample_commands
from support.jobs.everyday_commands import EVERYDAY
from support.media.everyday_sources import copy_everyday_sources
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs of ffmpeg without a worker, with the inputs of the data root."""
    shutil.rmtree(worker.data)
    copy_everyday_sources(tmp_path_factory, worker.data)
    return copy_everyday_sources(tmp_path_factory, tmp_path_factory.mktemp("everyday") / "alone")


@pytest.fixture(scope="module")
def inputs(alone: Path) -> Files:
    """Digests of the inputs by name."""
    return digests(alone)


@pytest.mark.parametrize("purpose", sample_commands(EVERYDAY))
@pytest.mark.sampled(3)
async def test_a_job_makes_what_the_command_makes(
    worker: Worker, alone: Path, inputs: Files, purpose: str
) -> None:
    await check_same_files(worker, alone, inputs, EVERYDAY[purpose], PASSING_FILES.get(purpose, ()))
