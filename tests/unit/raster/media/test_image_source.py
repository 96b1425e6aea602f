"""Images: orientation, colors, fit, animation, and files that are refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.GifImagePlugin import GifImageFile

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.image_source import ImageSource
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.scene.content import ChromaKey, ImageContent
from support.media.opened_sources import open_content

_RED, _GREEN, _BLUE, _WHITE = (220, 30, 30), (30, 200, 60), (40, 60, 210), (255, 255, 255)


def _quarters(size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Return an image of four quarters: red and green above blue and white."""
    image = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for at, color in zip(((0, 0), (1, 0), (0, 1), (1, 1)), (_RED, _GREEN, _BLUE, _WHITE), strict=True):
        image.paste(color, (at[0] * half[0], at[1] * half[1], (at[0] + 1) * half[0], (at[1] + 1) * half[1]))
    return image


def _rgba(path: Path, size: tuple[int, int], time_s: float = 0.0, **more: object) -> Pixels:
    source = ImageSource(ImageContent(path.name, **more), path, size)  # type: ignore[arg-type]
    bitmap = source.render(time_s)
    assert isinstance(bitmap, RgbaBitmap)
    assert bitmap.size == source.size == size
    source.close()
    return bitmap.rgba


def _near(pixel: Pixels, color: tuple[int, ...], tolerance: int = 3) -> bool:
    return bool(np.abs(pixel[: len(color)].astype(int) - color).max() <= tolerance)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_every_exif_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = _quarters((800, 400))
    stored = upright if orientation == 1 else upright.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif, quality=95)
    rgba = _rgba(tmp_path / f"a.{suffix}", (40, 20))
    for (x, y), color in {(10, 5): _RED, (30, 5): _GREEN, (10, 15): _BLUE, (30, 15): _WHITE}.items():
        assert _near(rgba[y, x], color, 6)


def test_fit_modes_by_geometry(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    _quarters((80, 40)).save(path)
    contain = _rgba(path, (60, 60), fit="contain")
    assert contain[14, 30, 3] == 0
    assert contain[16, 30, 3] == 255
    assert contain[:, 30, 3].sum() == 30 * 255
    blur = _rgba(path, (60, 60), fit="contain-blur")
    assert (blur[..., 3] == 255).all()
    assert (blur[15:45] == contain[15:45]).all()
    cover = _rgba(path, (40, 40), fit="cover")
    assert _near(cover[2, 2], _RED)
    assert _near(cover[37, 37], _WHITE)
    fill = _rgba(path, (20, 60), fit="fill")
    assert _near(fill[15, 5], _RED)
    assert _near(fill[45, 15], _WHITE)
    as_it_is = _rgba(path, (100, 20), fit="none")
    assert (as_it_is[:, 10:90, 3] == 255).all()
    assert (as_it_is[:, :10, 3] == 0).all()
    assert (as_it_is[5, 10:50, :3] == _RED).all()
    assert (_rgba(path, (100, 60), fit="scale-down")[10:50, 10:90, 3] == 255).all()


def test_hidden_colors_do_not_bleed(tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 31, 64))
    image.save(tmp_path / "a.png")
    rgba = _rgba(tmp_path / "a.png", (20, 20))
    assert (rgba[..., 1] == 0).all()
    assert (rgba[..., :3] <= rgba[..., 3:]).all()


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "I;16", "LA", "F"])
def test_modes(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        Image.fromarray(np.full((8, 8), 200 * 257, np.uint16)).save(tmp_path / "a.png")
    elif mode in {"CMYK", "F"}:
        Image.new("L", (8, 8), 200).convert(mode).save(tmp_path / "a.tiff")
    else:
        Image.new("L", (8, 8), 255 if mode == "1" else 200).convert(mode).save(tmp_path / "a.png")
    rgba = _rgba(next(tmp_path.iterdir()), (4, 4))
    assert _near(rgba[2, 2], (255, 255, 255, 255) if mode == "1" else (200, 200, 200, 255), 1)


def test_profiles_are_converted_to_srgb(tmp_path: Path) -> None:
    # Lab D50 is the one other profile that can be made here; a bitmap in swapped colors shows that it is used.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = bytearray(profile)
    red, blue = swapped.find(b"rXYZ"), swapped.find(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    described = bytes(swapped).replace("sRGB".encode("utf-16-be"), "xxxx".encode("utf-16-be"))
    Image.new("RGB", (8, 8), _RED).save(tmp_path / "a.png", icc_profile=described)
    assert _near(_rgba(tmp_path / "a.png", (4, 4))[1, 1], _RED[::-1], 4)
    Image.new("RGB", (8, 8), _RED).save(tmp_path / "b.png", icc_profile=b"broken" * 40)
    assert _near(_rgba(tmp_path / "b.png", (4, 4))[1, 1], _RED)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_animations_keep_their_times(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    frames = [Image.new("RGB", (16, 16), color) for color in (_RED, _GREEN, _BLUE)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 300, 200], loop=0, lossless=True)
    source = ImageSource(ImageContent(path.name), path, (8, 8))
    shown = {0.0: _RED, 0.09: _RED, 0.1: _GREEN, 0.39: _GREEN, 0.4: _BLUE, 0.6: _RED, 6.15: _GREEN, 0.05: _RED}
    for time_s, color in shown.items():
        bitmap = source.render(time_s)
        assert isinstance(bitmap, RgbaBitmap)
        assert _near(bitmap.rgba[4, 4], color, 6), time_s
        assert source.render(time_s + 0.005) is bitmap
    source.close()
    assert _near(_rgba(path, (8, 8), 50.0, loops=False)[4, 4], _BLUE)


def test_opaque_images_may_be_rendered_as_yuv(tmp_path: Path) -> None:
    Image.new("RGB", (40, 40), _RED).save(tmp_path / "a.png")
    bitmap = ImageSource(ImageContent("a.png"), tmp_path / "a.png", (20, 10), as_yuv=True).render(0)
    assert isinstance(bitmap, YuvBitmap)
    assert [int(plane[1, 1]) for plane in (bitmap.y, bitmap.u, bitmap.v)] == pytest.approx([76, 109, 211], abs=1)
    Image.new("RGBA", (40, 40), (*_RED, 9)).save(tmp_path / "b.png")
    see_through = ImageSource(ImageContent("b.png"), tmp_path / "b.png", (20, 10), as_yuv=True).render(0)
    assert isinstance(see_through, RgbaBitmap)


def test_a_keyed_color_becomes_transparent(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 40), (0, 255, 0))
    image.paste(_RED, (20, 0, 40, 40))
    image.save(tmp_path / "a.png")
    rgba = _rgba(tmp_path / "a.png", (40, 40), chroma_key=ChromaKey((0, 1, 0, 1)))
    assert (rgba[:, :18, 3] == 0).all()
    assert _near(rgba[20, 30], (*_RED, 255))


def _bomb(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + head, b"IDAT" + zlib.compress(bytes(9))]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_bomb(9000, 9000), "image_too_large"),
        (_bomb(60000, 60000), "image_too_large"),
        (b"not an image", "source_unreadable"),
        (b"", "source_unreadable"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "source_unreadable"),
    ],
)
def test_too_large_and_invalid_images_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(RasterError) as caught:
        open_content(ImageContent("a.png"), tmp_path, (8, 8), "layers[1]")
    assert (caught.value.code, caught.value.where) == (code, "layers[1]")


def test_a_truncated_image_is_refused_when_it_is_rendered(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "whole.png").read_bytes()[:20_000])
    with pytest.raises(RasterError, match="cannot be read"):
        ImageSource(ImageContent("a.png"), tmp_path / "a.png", (8, 8)).render(0)


def test_an_animation_ends_before_its_first_broken_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("RGB", (16, 16), (index * 60, 0, 0)) for index in range(4)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    source = ImageSource(ImageContent("a.gif"), tmp_path / "a.gif", (8, 8))
    seek = GifImageFile.seek

    def seek_whole(image: GifImageFile, index: int) -> None:
        if index == 2:
            raise EOFError
        seek(image, index)

    monkeypatch.setattr(GifImageFile, "seek", seek_whole)
    reds = [int(_pixels_of(source.render(time_s))[4, 4, 0]) for time_s in (0.0, 0.1, 0.35)]
    assert reds[0] < reds[1]
    assert reds[2] in reds[:2]
    source.close()


def _pixels_of(bitmap: Bitmap | None) -> Pixels:
    assert isinstance(bitmap, RgbaBitmap)
    return bitmap.rgba


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, ZeroDivisionError, AttributeError, TypeError])
def test_whatever_a_decoder_raises_is_the_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    source = open_content(ImageContent("a.png"), tmp_path, (8, 8))

    def fail(_image: Image.Image) -> None:
        raise kind("damaged")

    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(RasterError) as caught:
        source.render(0)
    assert caught.value.code == "source_unreadable"
