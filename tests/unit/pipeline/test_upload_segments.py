"""Segments are uploaded once they are complete and a newer file is being written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest

from ffmpeg_worker.pipeline import upload_segments as module
from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.upload_segments import upload_segments
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from support.wait_until import until_async

PLAYLIST = Artifact("x.m3u8", "x.m3u8", ArtifactKind.PLAYLIST)


class Sent(list[str]):
    """A delivery that notes what is sent early."""

    def send_early(self, name: str, folder: Path, work_name: str) -> None:
        assert (folder / work_name).exists()
        self.append(name)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)


def write(folder: Path, name: str, time_s: int) -> None:
    (folder / name).write_bytes(name.encode())
    os.utime(folder / name, (time_s, time_s))


async def test_a_segment_at_rest_is_sent_once_the_next_is_written(tmp_path: Path) -> None:
    sent = Sent()
    write(tmp_path, "x.m3u8", 1)
    write(tmp_path, "x0.ts", 1)
    async with upload_segments(Lane((), (PLAYLIST,)), tmp_path, cast(LaneDelivery, sent)):
        write(tmp_path, "x1.ts", 2)
        await until_async(lambda: sent == ["x0.ts"])
        write(tmp_path, "x2.ts", 3)
        await until_async(lambda: sent == ["x0.ts", "x1.ts"])
    assert sent == ["x0.ts", "x1.ts"]


@pytest.mark.parametrize("artifacts", [(), (Artifact("a.mp4", "a.mp4"),), (PLAYLIST, PLAYLIST)])
async def test_without_a_single_playlist_nothing_is_watched(
    tmp_path: Path, artifacts: tuple[Artifact, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_watch", None)
    async with upload_segments(Lane((), artifacts), tmp_path, cast(LaneDelivery, Sent())):
        pass
