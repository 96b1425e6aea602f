"""The input limits that the worker adds keep FFmpeg from reading other files through playlists and lists."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.option_policy.command_limits import MAX_STREAMS, media_input_options
from support.media.sources import FFMPEG, make, make_clip
from support.worker import Worker

SYSTEM = shutil.which("ffmpeg") or ""
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nvictim.ts\n#EXT-X-ENDLIST\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" codecs="avc1.42c01e" width="160" '
    'height="90"><BaseURL>victim.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
CONCAT = "ffconcat version 1.0\nfile victim.mp4\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="9" height="9"/></svg>'


@pytest.fixture(scope="module", params=[FFMPEG, SYSTEM], ids=["embedded", "system"])
def ffmpeg(request: pytest.FixtureRequest) -> str:
    if not request.param:
        pytest.skip("there is no ffmpeg on PATH")
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    make_clip(folder / "victim.mp4", seconds=1)
    make(folder / "victim.ts", "-i", str(folder / "victim.mp4"), "-c", "copy")
    for name, text in (("hls", HLS), ("dash", DASH), ("concat", CONCAT), ("svg", SVG)):
        (folder / f"{name}.mp4").write_text(text)
    (folder / "hls.m3u8").write_text(HLS)
    streams = [token for _ in range(MAX_STREAMS + 1) for token in ("-map", "0:a")]
    make(folder / "streams.mkv", "-i", str(folder / "victim.mp4"), *streams, "-c", "copy")
    make(folder / "wide.png", "-f", "lavfi", "-i", "color=s=16384x8704", "-frames:v", "1")
    return folder


def read(ffmpeg: str, folder: Path, name: str, limits: tuple[str, ...]) -> tuple[int, str]:
    run = subprocess.run(
        [ffmpeg, "-v", "error", "-xerror", *limits, "-i", f"file:{name}", "-f", "null", "-"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, run.stderr


@pytest.mark.parametrize("name", ["dash.mp4", "concat.mp4", "svg.mp4", "wide.png", "hls.m3u8"])
def test_files_outside_the_limits_are_not_read(ffmpeg: str, folder: Path, name: str) -> None:
    """FFmpeg reads most of these files without the limits."""
    code, log = read(ffmpeg, folder, name, media_input_options(Machine(2)))
    assert code != 0, log
    if ffmpeg == FFMPEG and name not in {"concat.mp4", "wide.png"}:
        assert read(ffmpeg, folder, name, ())[0] == 0


def test_more_streams_than_the_limit_are_refused(ffmpeg: str, folder: Path) -> None:
    _, log = read(ffmpeg, folder, "streams.mkv", media_input_options(Machine(2)))
    assert "max_streams" in log


def test_media_within_the_limits_is_read(ffmpeg: str, folder: Path) -> None:
    assert read(ffmpeg, folder, "victim.mp4", media_input_options(Machine(2))) == (0, "")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_job_says_why(worker: Worker) -> None:
    (worker.data / "drawing.svg").write_text(SVG)
    error = await worker.fail({"action": "process", "data": {"chainCmds": "-i drawing.svg o.png"}})
    assert error.code == "format_not_accepted"
    assert "webvtt" not in f"{error.message} {error.hint}"
