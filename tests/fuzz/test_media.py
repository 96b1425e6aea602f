"""Mutated files are probed and converted, or fail with an error, and reach nothing outside the job."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from fuzz.checked_worker import CheckedWorker, open_checked_worker
from fuzz.mutations import mutate
from fuzz.rounds import rounds
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make, make_clip

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

_SUFFIXES = "mp4 mkv ts webm avi mov flv ogg mp3 flac wav png gif jpg webp srt ass m3u8 ffconcat".split()
_SUBTITLES = "1\n00:00:00,000 --> 00:00:00,400\nGrüße <b>x</b>\n\n2\n00:00:00,400 --> 00:00:00,900\nx\n"
_COMMANDS = (
    "-i {} -map 0 -c copy o.mkv",
    "-i {} -vf scale=32:18 -t 1 o.mp4",
    "-i {} -ar 8000 -t 1 o.wav",
    "-f concat -safe 0 -i {} -c copy o.mkv",
    "-i small.mp4 -vf subtitles={} -t 0.4 o.mp4",
    "-i small.mp4 -i {} -filter_complex overlay -t 0.4 o.mp4",
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return small valid files by suffix."""
    folder = tmp_path_factory.mktemp("originals")
    clip = make_clip(folder / "clip.mp4", seconds=0.5, size="48x32", fps=10)
    for suffix in ("mkv", "ts", "avi", "mov", "flv"):
        make(folder / f"clip.{suffix}", "-i", str(clip), "-ar", "44100")
    make(folder / "clip.webm", "-i", str(clip), "-deadline", "realtime", "-cpu-used", "8")
    for suffix in ("ogg", "mp3", "flac", "wav"):
        make(folder / f"clip.{suffix}", "-i", str(clip), "-vn")
    for suffix in ("png", "jpg", "webp"):
        make(folder / f"clip.{suffix}", "-i", str(clip), "-frames:v", "1", "-update", "1")
    make(folder / "clip.gif", "-i", str(clip))
    (folder / "clip.srt").write_text(_SUBTITLES)
    make(folder / "clip.ass", "-i", str(folder / "clip.srt"))
    (folder / "clip.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.5,\nclip.ts\n#EXT-X-ENDLIST\n")
    (folder / "clip.ffconcat").write_text(
        "ffconcat version 1.0\nfile 'small.mp4'\nduration 0.2\nfile 'small.mp4'\n"
    )
    return {suffix: (folder / f"clip.{suffix}").read_bytes() for suffix in _SUFFIXES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def checked_worker(
    tmp_path_factory: pytest.TempPathFactory, originals: dict[str, bytes]
) -> AsyncIterator[CheckedWorker]:
    root = tmp_path_factory.mktemp("media")
    root.chmod(0o755)
    make_clip(root / "data/small.mp4", seconds=0.4, size="64x36", fps=10)
    (root / "data/clip.ts").write_bytes(originals["ts"])
    async with open_checked_worker(root) as opened:
        yield opened
    print(opened.outcomes.most_common())  # noqa: T201 - shown with -s


def random_job(name: str, chance: random.Random) -> dict[str, object]:
    """Return a random job for a file; three of ten are probes."""
    if chance.random() < 0.3:
        return {"action": "probe", "data": {"input": name}}
    command = chance.choice(_COMMANDS).format(name)
    return {"action": "process", "data": {"chainCmds": [command.split()]}}


async def test_media(checked_worker: CheckedWorker, originals: dict[str, bytes]) -> None:
    for label, chance in rounds("media"):
        suffix = chance.choice(_SUFFIXES)
        data = mutate(originals[suffix], suffix, checked_worker.hostile_values, chance)
        name = f"x.{chance.choice((suffix, suffix, suffix, *_SUFFIXES))}"
        Path(checked_worker.worker.data / name).write_bytes(data)
        await checked_worker.run_and_check(random_job(name, chance), label)
    assert checked_worker.outcomes["succeeded"] > 0
