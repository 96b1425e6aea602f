"""Web fonts, valid and hostile."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.raster.text.unpack_woff import MAX_BYTES, unpack_woff
from ffmpeg_worker.scene.content import TextContent
from ffmpeg_worker.scene.scene import FontFile
from ffmpeg_worker.scene.text_style import TextStyle
from support.media.packed_fonts import (
    FONTS,
    brotli_zeros,
    packed,
    woff2_of,
    woff2_of_empty_contours,
    woff_of,
    zlib_zeros,
)

PLAIN, VARIABLE = "Lora-Bold.ttf", "NotoSansHebrew.ttf"
WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "WOFF": ("woff", ()),
    "WOFF2": ("woff2", ("glyf", "loca")),
    "WOFF2, side bearings left out": ("woff2", ("glyf", "loca", "hmtx")),
    "WOFF2, only side bearings left out": ("woff2", ("hmtx",)),
    "WOFF2, tables as they are": ("woff2", ()),
}
HUGE = 16  # times 16 MiB


def _drawn(folder: Path, content: bytes, text: str, weight: int) -> Pixels:
    (folder / "a.font").write_bytes(content)
    library = FontLibrary(folder, (FontFile("A", "a.font"),))
    style = TextStyle(families=("A",), size=40, weight=weight)
    bitmap = TextSource(TextContent(text, style, 1000), None, None, library).render(0)
    assert library.warnings == []
    return bitmap.rgba


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "text"), [(PLAIN, "Ãgjé fi 1½"), (VARIABLE, "שָׁלוֹם")])
@pytest.mark.sampled(3)
def test_a_web_font_draws_the_same_as_unpacked(tmp_path: Path, way: str, name: str, text: str) -> None:
    content = packed(name, *WAYS[way])
    assert len(content) < (FONTS / name).stat().st_size
    for weight in (400, 900):
        plain = _drawn(tmp_path, (FONTS / name).read_bytes(), text, weight)
        assert plain.any()
        assert np.array_equal(_drawn(tmp_path, content, text, weight), plain)


def test_other_files_are_not_unpacked() -> None:
    assert unpack_woff(FONTS / PLAIN) is None


@pytest.mark.parametrize("form", ["woff", "woff2"])
def test_a_truncated_web_font_is_refused(tmp_path: Path, form: str) -> None:
    whole = packed(VARIABLE, form)
    for length in (4, 30, 47, 60, 300, len(whole) // 2, len(whole) - 5):
        _refuse(tmp_path, whole[:length])


def _refuse(folder: Path, content: bytes) -> RasterError:
    """Return the error of a font, after checking that opening it takes little memory."""
    (folder / "a.font").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(RasterError) as raised:
            FontLibrary(folder, (FontFile("A", "a.font"),))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (raised.value.code, raised.value.where) == ("font_unreadable", "fonts[0]")
    assert ".woff2" in str(raised.value.hint)
    assert peak < 8 << 20, f"{peak} bytes were taken"
    return raised.value


BAD: dict[str, bytes] = {
    "nothing behind its name": b"wOF2",
    "a WOFF of noughts": b"wOFF" + bytes(400),
    "a WOFF2 of noughts": b"wOF2" + bytes(400),
    "a WOFF of ones": b"wOFF" + b"\xff" * 400,
    "a WOFF2 of ones": b"wOF2" + b"\xff" * 400,
    "another font behind the name of WOFF": b"wOFF" + (FONTS / VARIABLE).read_bytes(),
    "another font behind the name of WOFF2": b"wOF2" + (FONTS / VARIABLE).read_bytes(),
    "a WOFF that says it is small": woff_of(5000, zlib_zeros(HUGE)),
    "a WOFF2 that says it is small": woff2_of(5000, brotli_zeros(HUGE)),
    "a WOFF that says it is large": woff_of(MAX_BYTES + 1, zlib_zeros(HUGE)),
    "a WOFF2 that says it is large": woff2_of(MAX_BYTES + 1, brotli_zeros(HUGE)),
    "a WOFF2 that says it is as large as can be": woff2_of(2**32 - 1, brotli_zeros(HUGE)),
    "a WOFF that has less than it says": woff_of(MAX_BYTES, zlib_zeros(0)),
    "a WOFF2 that has less than it says": woff2_of(MAX_BYTES, brotli_zeros(0)),
    "a WOFF2 of a million contours": woff2_of_empty_contours(32),
    "a WOFF without letters": woff_of(4, b"abcd"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_or_too_large_web_font_is_refused(tmp_path: Path, name: str) -> None:
    _refuse(tmp_path, BAD[name])


def test_a_collection_in_a_woff2_is_refused(tmp_path: Path) -> None:
    whole = packed(VARIABLE, "woff2")
    _refuse(tmp_path, whole[:4] + b"ttcf" + whole[8:])


@pytest.mark.parametrize(("form", "place"), [("woff", 24), ("woff2", 28)])
def test_metadata_is_not_unpacked(tmp_path: Path, form: str, place: int) -> None:
    whole = bytearray(packed(VARIABLE, form))
    beside = brotli_zeros(HUGE) if form == "woff2" else zlib_zeros(HUGE)
    whole[place : place + 12] = struct.pack(">III", len(whole), len(beside), 5000)
    whole[8:12] = struct.pack(">I", len(whole) + len(beside))
    tracemalloc.start()
    _drawn(tmp_path, bytes(whole) + beside, "א", 400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
