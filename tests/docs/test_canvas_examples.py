"""The example compositions and those of docs/canvas.md render to videos."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.job.parse import parse_job
from support.docs.json_examples import Example, examples_of
from support.extent import IS_FULL
from support.media.example_media import COMPOSITIONS, copy_example_media
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG_SIDE, FPS = 320, 10
"""Longer side in pixels, and frame rate, of the rendered examples."""
NAMES = sorted(path.stem for path in COMPOSITIONS.glob("*.json"))
IN_PAGE = [example for example in examples_of("docs/canvas.md") if example.runs]
SUFFIXES = {"transparent-lower-third": ".webm"}
"""Where not mp4."""
SECONDS = {"real-estate-tour": 7.2, "slideshow": 7.5, "slow-motion": 5.5}
"""Where the composition leaves it to its layers."""
SAMPLE = {*SUFFIXES, "slideshow", "batch-greetings"}
"""Those that become videos unless `FULL_CORPUS=1`; tests/media/test_canvas_examples.py draws frames of all."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("compositions")
    copy_example_media(tmp_path_factory, root / "data")
    async with open_worker(root) as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES if IS_FULL else sorted(SAMPLE))
async def test_an_example_renders_to_a_video(worker: Worker, name: str) -> None:
    composition = json.loads((COMPOSITIONS / f"{name}.json").read_text(encoding="utf-8")) | {"fps": FPS}
    suffix = SUFFIXES.get(name, ".mp4")
    data = {
        "json": composition,
        "output": f"{name}{suffix}",
        "quality": "draft",
        "render_scale": LONG_SIDE / max(composition["width"], composition["height"]),
        "transparent": suffix != ".mp4",
    }
    result = await worker.run({"action": "canvas", "data": data})
    rows = composition.get("variables")
    assert len(result["outputs"]) == (len(rows) if isinstance(rows, list) else 1)
    assert result["warnings"] == []
    frames = round(composition.get("duration", SECONDS.get(name)) * FPS)
    assert result["stats"]["frames"] == frames * len(result["outputs"])
    for output in result["outputs"]:
        check_video(Path(output["path"]), composition, frames)


def check_video(path: Path, composition: dict[str, Any], frames: int) -> None:
    """Check the number of frames, the audio track, and that no frame after the first second is blank."""
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        assert max(stream.width, stream.height) == LONG_SIDE
        levels = [float(np.std(frame.to_ndarray(format="gray"))) for frame in video.decode(stream)]
        assert bool(video.streams.audio) == has_sound(composition)
    assert len(levels) == frames
    assert min(levels[FPS:-FPS]) > 5  # a blank frame has a deviation of 0


def has_sound(composition: dict[str, Any]) -> bool:
    return any(
        layer["type"] in {"video", "audio"} and not layer.get("muted")
        for layer in every_layer(composition["layers"])
    )


def every_layer(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for layer in layers:
        yield layer
        yield from every_layer(layer.get("layers", []))


@pytest.mark.parametrize("example", IN_PAGE, ids=str)
@pytest.mark.sampled(3)
async def test_a_composition_of_the_page_is_rendered(worker: Worker, example: Example) -> None:
    job = parse_job(example.job)
    result = (await worker.services.run(job)).as_json()
    assert result["warnings"] == []
    assert all(Path(output["path"]).stat().st_size for output in result["outputs"])


async def test_the_folder_lists_its_examples() -> None:
    page = (COMPOSITIONS / "README.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| [`")]
    assert sorted(listed) == NAMES
    assert len(NAMES) >= 30
