"""HDR videos in compositions: every frame at its time, tone-mapping only of frames that are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from support.media.decode import pixels_of_url, rgb_frames
from support.media.numbered_frames import HEIGHT, WIDTH, make_numbered, number_of
from support.reference.yuv import Floats
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = Fraction(30000, 1001)
COUNT = 240
TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    async with open_worker(tmp_path_factory.mktemp("hdr")) as opened:
        for name, transfer in TRANSFERS.items():
            tags = f"range=tv:colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}"
            coding = ("-vf", f"format=yuv420p10le,setparams={tags}", "-c:v", "libx265", "-preset", "ultrafast")
            make_numbered(
                opened.data / f"{name}.mp4", COUNT, RATE, *coding, "-x265-params", "keyint=30:log-level=error"
            )
        yield opened


def composed(layer: dict[str, Any], **more: Any) -> dict[str, Any]:
    film = {"type": "video", "src": "pq.mp4", **layer}
    return {"width": WIDTH, "height": HEIGHT, "fps": float(RATE), "layers": [film], **more}


async def rendered(worker: Worker, composition: dict[str, Any], **more: Any) -> list[int]:
    """Return the frame numbers that the frames of a video show."""
    data = {"json": composition, "output": "o.mp4", "quality": "high", **more}
    result = await worker.run({"action": "canvas", "data": data})
    assert result["warnings"] == []
    return [number_of(frame) for frame in rgb_frames(worker.data / "o.mp4")]


async def preview(worker: Worker, composition: dict[str, Any], t: float) -> Floats:
    result = await worker.run({"action": "canvas_preview", "data": {"json": composition, "t": t}})
    return pixels_of_url(result["image"])


@pytest.mark.parametrize("name", TRANSFERS)
async def test_every_frame_is_shown_at_its_time(worker: Worker, name: str) -> None:
    assert await rendered(worker, composed({"src": f"{name}.mp4", "duration": 2})) == list(range(60))


@pytest.mark.parametrize("start", [2, 2.01, 3.0001, 4.99])
async def test_a_film_trimmed_between_frames_begins_with_the_one_that_is_shown_then(
    worker: Worker, start: float
) -> None:
    first = int(Fraction(str(start)) * RATE)
    found = await rendered(worker, composed({"trim": {"start": start}, "duration": 0.5}))
    assert found == list(range(first, first + 15))


@pytest.mark.parametrize(
    ("layer", "more"),
    [
        ({}, {}),
        ({"trim": {"start": 1.5}, "speed": 1.5}, {}),
        ({"trim": {"start": 1, "end": 2}, "loop": True, "duration": 8}, {}),
        ({"start": 2}, {"duration": 9}),
    ],
    ids=["whole", "fast", "looped", "late"],
)
async def test_parts_and_previews_show_what_the_whole_shows(
    worker: Worker, layer: dict[str, Any], more: dict[str, Any]
) -> None:
    composition = composed(layer, **more)
    whole = await rendered(worker, composition)
    first, last = (int(seconds * RATE + Fraction(1, 2)) for seconds in (3, 4))
    assert await rendered(worker, composition, startTime=3, endTime=4) == whole[first:last]
    for frame in (0, 61, 89, 90, 103):
        shown = await preview(worker, composition, float(frame / RATE))
        assert number_of(shown) == whole[frame], f"frame {frame}"


async def test_for_a_preview_seconds_are_tone_mapped(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[float] = []
    run = CommandRunner.run

    async def watched(self: CommandRunner, step: FfmpegStep, on_progress: Any, **more: Any) -> StepResult:
        lengths.append(float(step.invocation.arguments[step.invocation.arguments.index("-t") + 1]))
        return await run(self, step, on_progress, **more)

    monkeypatch.setattr(CommandRunner, "run", watched)
    assert number_of(await preview(worker, composed({}), 5)) == 150
    assert lengths == [pytest.approx(2, abs=0.01)]


async def test_white_and_black_stay_what_they_are(worker: Worker) -> None:
    shown = await preview(worker, composed({}), float(255 / RATE - 1))
    bits = shown[4:12, 4::8].mean((0, 2))
    assert np.all((bits < 4) | (bits > 235)), bits


async def test_nothing_of_it_is_left(worker: Worker) -> None:
    assert worker.leftovers() == []
    assert {path.name for path in Path(worker.data).iterdir()} == {"pq.mp4", "hlg.mp4", "o.mp4"}
