"""Commands of FFmpeg's documentation and of guides as jobs produce the same files as with ffmpeg alone.

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
from support.jobs.guide_commands import GUIDES
from support.media.guide_sources import copy_guide_sources
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Files that a command leaves for a later command of the chain are not outputs of the job.
PASSING_FILES = {
    "raw stream and another rate": {"raw.h264"},
    "stabilized in two passes": {"transforms.trf"},
    "preview strip in a chain": {"strip.png"},
    "picture and its thumbnail": {"t.png"},
    "hald clut": {"hald.png"},
    "av1 by aom in two passes": {"ffmpeg2pass-0.log"},
    "sound of a film as it is": {"o.aac"},
    "encrypted mp4": {"enc.mp4"},
    "metadata edited": {"o.mkv"},
    "subtitles into a film for phones": {"o.mp4"},
    "pieces encoded and joined": {"a.ts", "b.ts"},
    "rotation written and removed": {"r.mp4"},
    "decoded once more": {"a.mp4"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs of ffmpeg without a worker, with the inputs of the data root."""
    shutil.rmtree(worker.data)
    copy_guide_sources(tmp_path_factory, worker.data)
    return copy_guide_sources(tmp_path_factory, tmp_path_factory.mktemp("guides") / "alone")


@pytest.fixture(scope="module")
def inputs(alone: Path) -> Files:
    """Digests of the inputs by name."""
    return digests(alone)


@pytest.mark.parametrize("purpose", sample_commands(GUIDES))
@pytest.mark.sampled(3)
async def test_a_job_makes_what_the_command_makes(
    worker: Worker, alone: Path, inputs: Files, purpose: str
) -> None:
    await check_same_files(worker, alone, inputs, GUIDES[purpose], PASSING_FILES.get(purpose, ()))
