"""Presets for players: HLS, DASH and subtitles; presets of the operator; presets beside commands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from support.media.decode import frames_of
from support.media.preset_sources import gray_levels, make_preset_sources, ramp_numbers
from support.shared_files import share_folder
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")
SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\nMMMMMMMM\n"
SMALLER = {
    "description": "Make a video smaller.",
    "parameters": {
        "height": {"type": "integer", "minimum": 16, "maximum": 720, "default": 40, "description": "Height."}
    },
    "output": "smaller.mp4",
    "chainCmds": ["-i", "{{in_1}}", "-vf", "scale=-2:{{height}}", "-c:v", "libx264", "smaller.mp4"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("streaming")
    (root / "data").mkdir()
    for path in share_folder(tmp_path_factory, "preset-data", make_preset_sources).iterdir():
        (root / "data" / path.name).write_bytes(path.read_bytes())
    (root / "own").mkdir()
    (root / "own/smaller.json").write_text(json.dumps(SMALLER))
    async with open_worker(root, presets_root=root / "own") as opened:
        yield opened


async def run(worker: Worker, preset: str, inputs: Any, **fields: Any) -> dict[str, Any]:
    return await worker.run({"action": "process", "inputs": inputs, "data": {"preset": preset, **fields}})


async def test_hls_plays_in_every_size(worker: Worker) -> None:
    result = await run(worker, "hls", ["ramp.mp4"], heights=[90, 48, 2000], segment_duration=1)
    names = [output["name"] for output in result["outputs"]]
    assert names[0] == "hls/master.m3u8"
    assert {"hls/master-90p.m3u8", "hls/master-48p.m3u8"} <= set(names)
    assert sum(name.endswith(".ts") for name in names) == 8, "each second begins with a key frame"
    master = (worker.data / "hls/master.m3u8").read_text()
    assert "RESOLUTION=160x90" in master
    assert "RESOLUTION=86x48" in master
    for size in (90, 48):
        assert ramp_numbers(worker.data / f"hls/master-{size}p.m3u8") == list(range(100))
        await worker.process(["-i", f"hls/master-{size}p.m3u8", "-c", "copy", f"{size}.mp4"])


async def test_dash_plays(worker: Worker) -> None:
    result = await run(worker, "dash", ["pattern.mp4"], heights=[180, 100], segment_duration=1)
    names = [output["name"] for output in result["outputs"]]
    assert names[0] == "dash/manifest.mpd"
    back = await worker.process(
        ["-i", "dash/manifest.mpd", "-map", "0:v:1", "-map", "0:a", "-c", "copy", "back.mp4"]
    )
    assert back["outputs"][0]["media"]["height"] == 100
    assert back["outputs"][0]["media"]["duration"] == pytest.approx(1.0, abs=0.1)


def yellow_share(pixels: np.ndarray[Any, Any]) -> float:
    return float(((pixels[..., 0] > 180) & (pixels[..., 1] > 180) & (pixels[..., 2] < 110)).mean())


async def test_subtitles_are_drawn_while_they_last(worker: Worker) -> None:
    inputs = {"video": "ramp.mp4", "subtitles": {"content": SUBTITLES, "name": "a.srt"}}
    await run(worker, "burn_subtitles", inputs, color="#ffff00", size=40, position="top", output="burnt.mp4")
    frames = [frame.pixels for frame in frames_of(worker.data / "burnt.mp4", form="rgb24")]
    shares = [yellow_share(frame) for frame in frames]
    assert max(shares[:24] + shares[51:]) < 0.0005
    assert min(shares[26:49]) > 0.004
    assert yellow_share(frames[35][:45]) > 10 * yellow_share(frames[35][45:])


async def test_subtitles_become_a_track(worker: Worker) -> None:
    for name, codec in (("track.mp4", "mov_text"), ("track.mkv", "subrip")):
        await run(worker, "soft_subtitles", ["ramp.mp4", "lines.srt"], language="deu", output=name)
        document = await worker.run({"action": "probe", "data": {"input": name}})
        track = next(stream for stream in document["streams"] if stream["codec_type"] == "subtitle")
        assert track["codec_name"] == codec
        assert track["tags"]["language"] in {"deu", "ger"}
        assert track["disposition"]["default"] == 1
        assert gray_levels(worker.data / name) == gray_levels(worker.data / "ramp.mp4")
        with av.open(str(worker.data / name)) as file:
            packets = [packet for packet in file.demux(file.streams.subtitles[0]) if packet.size > 2]
        assert packets[0].pts is not None
        assert float(packets[0].pts * packets[0].time_base) == pytest.approx(1.0)
        assert b"MMMMMM" in bytes(packets[0])


async def test_a_preset_of_the_operator(worker: Worker) -> None:
    result = await run(worker, "smaller", ["ramp.mp4"], height=20)
    assert result["outputs"][0]["name"] == "smaller.mp4"
    assert result["outputs"][0]["media"]["height"] == 20
    error = await worker.fail(
        {"action": "process", "data": {"preset": "smaller", "input": "ramp.mp4", "height": 9000}}
    )
    assert (error.code, error.where["field"]) == ("invalid_value", "data.height")
    assert error.hint == "Height."


async def test_presets_beside_commands(worker: Worker) -> None:
    processes = [
        {"preset": "thumbnail", "input": "{{in_1}}", "time": 1, "output": "one.png"},
        {"chainCmds": "-i {{in_1}} -frames:v 1 -update 1 two.png"},
        {"preset": "smaller", "input": "ramp.mp4", "output": "three.mp4"},
        {"preset": "gif", "input": "short.wav"},
        {"preset": "thumbnail", "input": "in_1", "time": 100, "output": "five.png"},
    ]
    job = {"action": "multi_process", "inputs": {"in_1": "ramp.mp4"}, "data": {"processes": processes}}
    result = await worker.run(job)
    assert [report["success"] for report in result["results"]] == [True, True, True, False, False]
    assert [output["name"] for output in result["outputs"]] == ["one.png", "two.png", "three.mp4"]
    assert result["results"][3]["error"]["code"] == "no_video_stream"
    assert result["results"][4]["error"]["where"]["field"] == "data.processes[4].time"


async def test_a_preset_reports_progress(worker: Worker) -> None:
    await run(worker, "loudness", ["ramp.mp4"], output=str(Path("p") / "loud.mp4"))
    percents = [event.percent for event in worker.events]
    assert percents == sorted(percents)
    assert percents[-1] == 100.0
