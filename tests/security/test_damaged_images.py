"""Damaged images and drawings: each is drawn or refused as unreadable, whatever the decoder does with it."""

from __future__ import annotations

import io
import random
import struct
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.scene.content import ImageContent
from fuzz.mutations import mutate
from support.extent import IS_FULL
from support.media.heic import HeicLook, picture, write_heic
from support.media.opened_sources import open_content

_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><defs><filter id="f"><feGaussianBlur
stdDeviation="2"/></filter><clipPath id="c"><circle r="9"/></clipPath></defs><g clip-path="url(#c)"><path
d="M0 0L9 9Q3 4 5 6A5 5 0 0 1 9 9Z" fill="red" filter="url(#f)"/></g><use href="#c"/></svg>"""
_ROUNDS = 12 if IS_FULL else 3


def _image(kind: str) -> bytes:
    """A small image of this format; its frames move where the format can do that."""
    if kind == "SVG":
        return _SVG
    if kind == "PSD":
        head = struct.pack(">4sH6xHIIHHIIIH", b"8BPS", 1, 3, 16, 24, 8, 3, 0, 0, 0, 0)
        return head + random.Random(1).randbytes(3 * 16 * 24)
    if kind == "HEIF":
        with tempfile.TemporaryDirectory() as folder:
            return write_heic(Path(folder) / "a.heic", picture(96, 64), HeicLook(tile=64, turns=1)).read_bytes()
    noise = Image.effect_noise((24, 16), 80).convert("RGB")
    more = {"save_all": True, "append_images": [noise.rotate(90), noise.rotate(180)]}
    file = io.BytesIO()
    noise.save(file, kind, **(more if kind in {"GIF", "WEBP", "AVIF", "PNG"} else {}))
    return file.getvalue()


@pytest.mark.parametrize(
    "kind",
    ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "ICO", "TGA", "PPM", "JPEG2000", "SVG", "PSD", "HEIF"],
)
def test_damaged_images_are_drawn_or_refused(kind: str, tmp_path: Path) -> None:
    whole = _image(kind)
    codes: set[str] = set()
    name = f"a.{kind.lower()}"
    for seed in range(_ROUNDS):
        chance = random.Random(seed)
        damaged = mutate(whole, "", [], chance) if seed % 4 else whole[: chance.randrange(len(whole))]
        (tmp_path / name).write_bytes(damaged)
        try:
            with closing(open_content(ImageContent(name), tmp_path, (12, 8))) as source:
                for time_s in (0.0, 0.15, 0.5):
                    source.render(time_s)
        except RasterError as error:
            codes.add(error.code)
    assert {CODES[code].fault for code in codes - {"renderer_out_of_memory"}} <= {Fault.SOURCE}
