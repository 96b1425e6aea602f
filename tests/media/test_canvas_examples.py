"""The example compositions look unchanged: hashes of their frames. `UPDATE_GOLDEN=1` rewrites the hashes.

One frame of each example is compared, of the next example a later one; `FULL_CORPUS=1` compares all.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.extent import IS_FULL
from support.media.decode import frames_of
from support.media.example_media import COMPOSITIONS, copy_example_media
from support.media.perceptual_hash import distance, picture_hash
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = sorted(COMPOSITIONS.glob("*.json"))
GOLDEN = Path(__file__).with_name("golden_canvas_examples.json")
MOMENTS = (0.2, 0.5, 0.85)
"""Shares of the duration."""
MOST_BITS = 6
"""Of 64: another version of a font or a scaler; what is missing, or lies elsewhere, changes more."""
IS_UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
SHOWN = {
    path.stem: range(len(MOMENTS)) if IS_FULL or IS_UPDATE else [number % len(MOMENTS)]
    for number, path in enumerate(EXAMPLES)
}
"""Numbers of the moments that are drawn of each example."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with the media files of the examples."""
    async with open_worker(tmp_path_factory.mktemp("worker")) as opened:
        copy_example_media(tmp_path_factory, opened.data)
        yield opened


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_an_example_looks_as_it_did(worker: Worker, path: Path) -> None:
    composition = json.loads(path.read_text(encoding="utf-8"))
    hashes = await _hashes(worker, composition, [MOMENTS[number] for number in SHOWN[path.stem]])
    golden = _read_golden()
    if IS_UPDATE:
        found = {**golden, path.stem: [f"{number:016x}" for number in hashes]}
        found = {name: found[name] for name in sorted(found) if (path.parent / f"{name}.json").exists()}
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        return
    assert path.stem in golden, "new: look at it, then UPDATE_GOLDEN=1"
    expected = [int(golden[path.stem][number], 16) for number in SHOWN[path.stem]]
    apart = [distance(one, other) for one, other in zip(hashes, expected, strict=True)]
    assert max(apart) <= MOST_BITS, dict(zip(SHOWN[path.stem], apart, strict=True))


async def _hashes(worker: Worker, composition: dict[str, Any], moments: Sequence[float]) -> list[int]:
    duration = composition.get("duration") or (await _preview(worker, composition, 0.0))["duration"]
    found = []
    for share in moments:
        result = await _preview(worker, composition, duration * share)
        assert result["duration"] == duration
        (frame,) = frames_of(worker.data / "preview.png", form="rgb24")
        found.append(picture_hash(frame.pixels))
    return found


async def _preview(worker: Worker, composition: dict[str, Any], time_s: float) -> dict[str, Any]:
    data = {"json": composition, "t": time_s, "width": 320, "output": "preview.png"}
    return await worker.run({"action": "canvas_preview", "data": data})


def _read_golden() -> Mapping[str, list[str]]:
    golden: Mapping[str, list[str]] = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    return golden
