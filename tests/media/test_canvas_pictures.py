"""Photos of phones are drawn upright and in sRGB; files that are no pictures are called what they are."""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageCms

from support.media.decode import pixels_of_url
from support.media.heic import HeicLook, picture, write_heic
from support.media.sources import make
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LOOKS = {
    "whole": HeicLook(),
    "tiled": HeicLook(tile=128),
    "turned": HeicLook(tile=128, turns=3),
    "turned once": HeicLook(turns=1),
    "upside down": HeicLook(tile=64, turns=2),
    "cropped": HeicLook(crop=(310, 190)),
}
_OTHERS = {
    "letter.jpg": (b"%PDF-1.7\n" + bytes(200), "a PDF document"),
    "page.png": (b"\n <!DOCTYPE html><html><body>Not found</body></html>", "an HTML page"),
    "photo.dng": (struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 50706, 1, 4, 1), "a raw image of a camera"),
    "photo.nef": (struct.pack(">2sHIHHHII", b"MM", 42, 8, 1, 254, 4, 1, 1), "a raw image of a camera"),
    "photo.cr2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(50), "a raw image of a camera"),
    "photo.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(50), "a raw image of a camera"),
    "photo.jxl": (b"\xff\x0a" + bytes(50), "a JPEG XL image"),
    "photo.png": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "a JPEG XL image"),
    "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
    "slides.png": (b"PK\x03\x04" + bytes(50), "a ZIP archive or an office document"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    async with open_worker(tmp_path_factory.mktemp("pictures")) as opened:
        yield opened


async def _preview(worker: Worker, layer: dict[str, Any], size: tuple[int, int]) -> np.ndarray:
    composed = {"width": size[0], "height": size[1], "background": "#000000", "layers": [layer]}
    result = await worker.run({"action": "canvas_preview", "data": {"json": composed, "t": 0}})
    assert result["warnings"] == []
    pixels: np.ndarray = pixels_of_url(result["image"])
    return pixels


@pytest.mark.parametrize("name", _LOOKS)
async def test_heic_photos_are_drawn_upright_in_their_own_size(worker: Worker, name: str) -> None:
    look, photo = _LOOKS[name], picture(320, 200)
    write_heic(worker.data / "photo.heic", photo, look)
    expected = photo[5:195, 5:315] if look.crop else np.rot90(photo, look.turns)
    height, width = expected.shape[:2]
    # The height follows from the aspect ratio, so what is below shows whether it is known.
    shown = await _preview(
        worker,
        {"type": "image", "src": "photo.heic", "x": 0, "y": 0, "width": width, "duration": 1},
        (width, height + 60),
    )
    off = np.abs(shown[:height].astype(float) - expected)
    assert off.mean() < 3, off.mean()
    assert np.percentile(off, 98) < 24
    assert (shown[height + 2 :] <= 2).all()


async def test_heic_photos_have_the_colors_of_their_profile(worker: Worker) -> None:
    """Photos of phones have wider primaries than sRGB, in which their reds look dull without the profile."""
    photo = np.full((64, 64, 3), (200, 60, 60), np.uint8)
    write_heic(worker.data / "linear.heic", photo, HeicLook(profile=_wide_profile()))
    shown = await _preview(worker, {"type": "image", "src": "linear.heic", "duration": 1}, (64, 64))
    source = ImageCms.ImageCmsProfile(io.BytesIO(_wide_profile()))
    expected = ImageCms.profileToProfile(
        Image.fromarray(photo), source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    right = np.asarray(expected)[32, 32].astype(float)
    assert np.abs(right - photo[32, 32]).max() > 15
    assert np.abs(shown[32, 32] - right).max() <= 6


def _wide_profile() -> bytes:
    """Return an ICC profile with the primaries of Display P3 and the curve of a gamma of 2.2."""
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Wide\0" + bytes(78),
        b"wtpt": _xyz(0.9642, 1, 0.8249),
        b"rXYZ": _xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": _xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": _xyz(0.1571, 0.0666, 0.7841),
        **{name: b"curv\0\0\0\0" + struct.pack(">IHH", 1, 563, 0) for name in (b"rTRC", b"gTRC", b"bTRC")},
    }
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", 132 + 12 * len(tags) + len(data), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += (
        struct.pack(">6H4s4sI", 2026, 1, 1, 0, 0, 0, b"acsp", b"APPL", 0)
        + bytes(24)
        + struct.pack(">III", 63190, 65536, 54061)
    )
    return head.ljust(128, b"\0") + table + data


def _xyz(*parts: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(part * 65536) for part in parts))


async def test_the_size_of_a_photo_is_that_of_the_picture_and_not_of_its_tiles(worker: Worker) -> None:
    write_heic(worker.data / "size.heic", picture(320, 200), HeicLook(tile=128, turns=1))
    layer = {
        "type": "image",
        "src": "size.heic",
        "x": 0,
        "y": 0,
        "crop": {"x": 0, "y": 0, "width": 200, "height": 160},
    }
    shown = await _preview(worker, {**layer, "duration": 1, "width": 200}, (200, 320))
    expected = np.rot90(picture(320, 200))[:160]
    assert np.abs(shown[:160].astype(float) - expected).mean() < 4
    composed = {"width": 64, "height": 64, "layers": [{"type": "video", "src": "size.heic"}]}
    error = await worker.fail({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
    assert error.code == "wrong_kind_of_source"
    assert "still image" in str(error)


async def test_photoshop_documents_are_drawn(worker: Worker) -> None:
    photo = picture(60, 40)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 40, 60, 8, 3)
    planes = np.moveaxis(photo, 2, 0).tobytes()
    (worker.data / "a.psd").write_bytes(head + struct.pack(">III", 0, 0, 0) + b"\0\0" + planes)
    shown = await _preview(worker, {"type": "image", "src": "a.psd", "duration": 1}, (60, 40))
    assert np.abs(shown.astype(float) - photo).mean() < 4


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("kind", ["image", "video", "audio"])
@pytest.mark.sampled(3)
async def test_other_files_are_called_what_they_are(worker: Worker, name: str, kind: str) -> None:
    content, called = _OTHERS[name]
    (worker.data / name).write_bytes(content)
    composed = {"width": 64, "height": 64, "layers": [{"type": kind, "src": name, "duration": 1}]}
    error = await worker.fail({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
    assert (error.code, error.fault, error.where["field"]) == ("source_unreadable", "source", "layers[0].src")
    assert str(error) == f'"{name}" is {called}.'
    assert "Convert it" in str(error.hint)


async def test_a_video_of_one_frame_is_not_an_image(worker: Worker) -> None:
    make(worker.data / "one.mp4", "-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1")
    composed = {"width": 64, "height": 64, "layers": [{"type": "image", "src": "one.mp4", "duration": 1}]}
    error = await worker.fail({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
    assert error.code == "wrong_kind_of_source"
    assert str(error) == '"one.mp4" is a video.'


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
async def test_a_photo_that_is_cut_off_is_refused(worker: Worker, share: float) -> None:
    whole = write_heic(worker.data / "cut.heic", picture(320, 200), HeicLook(tile=128)).read_bytes()
    (worker.data / "cut.heic").write_bytes(whole[: int(len(whole) * share)])
    composed = {"width": 64, "height": 64, "layers": [{"type": "image", "src": "cut.heic", "duration": 1}]}
    error = await worker.fail({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
    assert error.fault == "source"
    assert str(error.where["field"]).startswith("layers[0]")
