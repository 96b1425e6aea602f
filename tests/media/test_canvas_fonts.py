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


def _svg(worker: Worker, name: str, family: str) -> dict[str, object]:
    text = f'<text x="2" y="14" fill="#fff" font-size="14" font-family="{family}">Logo</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20">{text}</svg>'
    (worker.data / name).write_text(svg)
    return composition({"type": "image", "src": name}, fonts=[{"family": "Mine", "src": "font.ttf"}])


async def test_text_of_svg_has_bundled_fonts_and_those_of_the_composition(worker: Worker) -> None:
    families = ("Inter", "sans-serif", "Lora", "Mine", "monospace")
    images = {}
    for number, family in enumerate(families):
        found = await worker.run(preview(_svg(worker, f"{number}.svg", family)))
        assert found["warnings"] == []
        images[family] = found["image"]
    assert images["sans-serif"] == images["Inter"]
    assert len(set(images.values())) == 4


async def test_text_of_svg_in_a_missing_font_has_the_default_one_and_a_warning(worker: Worker) -> None:
    default, missing = [
        await worker.run(preview(_svg(worker, f"{family}.svg", family))) for family in ("Inter", "Arial Nova")
    ]
    assert missing["image"] == default["image"]
    assert missing["warnings"] == ['There is no font family "Arial Nova"; the default is used instead.']


async def test_a_film_of_svg_has_its_text(worker: Worker) -> None:
    await worker.run(canvas(_svg(worker, "logo.svg", "Inter"), output="logo.mp4", quality="lossless"))
    (worker.data / "blank.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>')
    await worker.run(
        canvas(composition({"type": "image", "src": "blank.svg"}), output="blank.mp4", quality="lossless")
    )
    drawn, blank = [
        [shown.pixels for shown in frames_of(worker.data / name)] for name in ("logo.mp4", "blank.mp4")
    ]
    assert not any((one == other).all() for one, other in zip(drawn, blank, strict=True))
