"""A worker per module, with the same media files in each module."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.media.odd_sources import make_odd_sources
from support.media.preset_sources import make_preset_sources
from support.media.ranged_sources import make_ranged_sources
from support.media.sources import cut, make, make_clip
from support.servers.range_web import RangeWeb, open_range_web
from support.shared_files import share_folder
from support.worker import Worker, open_worker


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker whose data root holds clip.mp4 (2 s), truncated and hostile files, subtitles and images."""
    root = tmp_path_factory.mktemp("worker")
    shutil.copytree(share_folder(tmp_path_factory, "worker-data", _make_files), root / "data")
    (root / "data/outside.mp4").symlink_to("/etc/passwd")
    async with open_worker(root) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def odd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker whose data root holds media whose stated lengths are not lengths, and media that are cut."""
    root = tmp_path_factory.mktemp("odd")
    shutil.copytree(share_folder(tmp_path_factory, "odd-data", make_odd_sources), root / "data")
    async with open_worker(root) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def presets(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker whose data root holds the sources of the tests of presets."""
    root = tmp_path_factory.mktemp("presets")
    shutil.copytree(share_folder(tmp_path_factory, "preset-data", make_preset_sources), root / "data")
    async with open_worker(root) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[RangeWeb]:
    """A web server that serves ranges."""
    async with open_range_web() as web:
        yield web


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_by_range(tmp_path_factory: pytest.TempPathFactory, server: RangeWeb) -> AsyncIterator[Worker]:
    """A worker that reads the files of `server` by range; its data root holds the same ones."""
    settings = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.1/32", "ranged_min_bytes": 1000}
    root = tmp_path_factory.mktemp("by-range")
    shutil.copytree(share_folder(tmp_path_factory, "by-range-data", make_ranged_sources), root / "data")
    server.files = {path.name: path.read_bytes() for path in (root / "data").iterdir()}
    async with open_worker(root, **settings) as opened:
        yield opened


@pytest.fixture
def by_range(shared_by_range: Worker, server: RangeWeb) -> Worker:
    """The worker that reads by range, and `server` without faults."""
    server.reset()
    return shared_by_range


def _make_files(data: Path) -> None:
    make_clip(data / "clip.mp4", extra=("-movflags", "+faststart"))
    make_clip(data / "late.mp4")
    make_clip(data / "long.mp4", seconds=60, size="640x360", extra=("-movflags", "+faststart", "-r", "30"))
    cut(data / "clip.mp4", data / "cut-faststart.mp4", 0.6)
    cut(data / "late.mp4", data / "cut.mp4")
    (data / "empty.mp4").touch()
    (data / "text.mp4").write_text("This is no video.\n" * 50)
    (data / "subs").mkdir()
    (data / "subs/de.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nGrüße\n")
    make(data / "frames/%03d.png", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1")
