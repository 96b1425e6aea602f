"""Compositions with fonts of their own, in packed formats, render in the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.attacks.sandboxes import needs_sandbox
from support.jobs.canvas_files import canvas, composition, preview
from support.media.decode import frames_of
from support.media.packed_fonts import FONTS, packed
from support.worker import Worker, open_worker

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

PACKED = {
    "font.woff": ("woff", ()),
    "font.woff2": ("woff2", ("glyf", "loca")),
    "bearings.woff2": ("woff2", ("glyf", "loca", "hmtx")),
    "only-bearings.woff2": ("woff2", ("hmtx",)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    async with open_worker(tmp_path_factory.mktemp("fonts"), sandbox="require") as opened:
        for name, way in PACKED.items():
            (opened.data / name).write_bytes(packed("Lora-Bold.ttf", *way))
        (opened.data / "font.ttf").write_bytes((FONTS / "Lora-Bold.ttf").read_bytes())
        yield opened


def _text(font: str) -> dict[str, object]:
    layer = {"type": "text", "text": "Quite so", "style": {"font_family": "Mine", "font_size": 14}}
    return composition(layer, fonts=[{"family": "Mine", "src": font}])


@pytest.mark.parametrize("name", PACKED)
async def test_a_packed_font_draws_what_it_draws_unpacked(worker: Worker, name: str) -> None:
    plain, found = [await worker.run(preview(_text(font))) for font in ("font.ttf", name)]
    assert found["image"] == plain["image"]
    assert found["warnings"] == []
    default = await worker.run(
        preview(composition({"type": "text", "text": "Quite so", "style": {"font_size": 14}}))
    )
    assert default["image"] != plain["image"]


async def test_a_film_has_the_font_in_every_frame(worker: Worker) -> None:
    films = []
    for font in ("font.ttf", "font.woff2"):
        await worker.run(canvas(_text(font), output=f"{font}.mp4", quality="lossless"))
        films.append([shown.pixels for shown in frames_of(worker.data / f"{font}.mp4")])
    assert len(films[0]) == len(films[1]) == 3
    assert all((one == other).all() for one, other in zip(*films, strict=True))
