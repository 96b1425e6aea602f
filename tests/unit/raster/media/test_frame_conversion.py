"""Decoded frames converted to bitmaps: colors, geometry, opacity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from av.video.frame import VideoFrame

from ffmpeg_worker.composition.choices import Fit
from ffmpeg_worker.raster.media.frame_conversion import FrameConverter
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap, YuvBitmap
from ffmpeg_worker.scene.content import ChromaKey, VideoContent
from support.media.sources import make

_COLORS = [
    (200, 30, 40),
    (40, 180, 60),
    (30, 60, 200),
    (224, 172, 105),
    (255, 255, 255),
    (0, 0, 0),
    (128, 128, 128),
]


def _show(
    path: Path,
    content: tuple[int, int],
    box: tuple[int, int],
    *,
    fit: Fit = "cover",
    rotation: int = 0,
    is_interlaced: bool = False,
    chroma_key: ChromaKey | None = None,
    time_s: float = 0.0,
) -> Bitmap:
    video = VideoContent(
        path.name, content, 0, 5, fit=fit, rotation=rotation, is_interlaced=is_interlaced, chroma_key=chroma_key
    )
    source = VideoSource(video, path, box)
    bitmap = source.render(time_s)
    assert bitmap is not None
    assert bitmap.size == source.size == box
    return bitmap


def _rgb(bitmap: Bitmap) -> npt.NDArray[np.float64]:
    """Return the color of every other pixel by the formulas of BT.709, 0 to 255."""
    if isinstance(bitmap, RgbaBitmap):
        return bitmap.rgba[::2, ::2, :3].astype(float)
    y = (bitmap.y[::2, ::2].astype(float) - 16) / 219
    u, v = (bitmap.u.astype(float) - 128) / 224, (bitmap.v.astype(float) - 128) / 224
    red, blue = y + 1.5748 * v, y + 1.8556 * u
    return np.dstack((red, (y - 0.2126 * red - 0.0722 * blue) / 0.7152, blue)) * 255


def _patches(path: Path, how: str, *arguments: str) -> Path:
    """Write a video of seven columns of 32 pixels in the known colors."""
    pixels = np.repeat(np.repeat(np.array(_COLORS, np.uint8)[None], 32, 0), 32, 1)
    raw = path.with_suffix(".raw")
    raw.write_bytes(pixels.tobytes() * 3)
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "224x32", "-r", "25", "-i", str(raw))
    return make(path, *given, "-vf", f"scale=flags=accurate_rnd+full_chroma_int+bilinear{how}", *arguments)


_CODINGS = {
    "bt709": (":out_color_matrix=bt709:out_range=tv,format=yuv420p", "bt709", "tv"),
    "full-range": (":out_color_matrix=bt709:out_range=pc,format=yuv420p", "bt709", "pc"),
    "bt601": (":out_color_matrix=smpte170m:out_range=tv,format=yuv420p", "smpte170m", "tv"),
    "bt601-full-444": (":out_color_matrix=bt470bg:out_range=pc,format=yuv444p", "bt470bg", "pc"),
    "ten-bit-422": (":out_color_matrix=bt709:out_range=tv,format=yuv422p10le", "bt709", "tv"),
    "untagged": (":out_color_matrix=smpte170m:out_range=tv,format=yuv420p", "unknown", "unknown"),
}


@pytest.mark.parametrize("coding", list(_CODINGS))
@pytest.mark.parametrize("box", [(224, 32), (336, 48), (112, 16)])
def test_colors_are_right_in_every_coding(tmp_path: Path, coding: str, box: tuple[int, int]) -> None:
    how, matrix, span = _CODINGS[coding]
    path = _patches(tmp_path / "a.mkv", how, "-c:v", "ffv1", "-colorspace", matrix, "-color_range", span)
    rgb = _rgb(_show(path, (224, 32), box))
    column = box[0] // 14
    for index, color in enumerate(_COLORS):
        middle = rgb[4:-2, index * column + column // 2]
        assert np.abs(middle.mean(axis=0) - color).max() <= 2, (coding, color)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a.mov", ("-c:v", "qtrle", "-pix_fmt", "rgb24")),
        ("b.mov", ("-c:v", "qtrle", "-pix_fmt", "argb")),
        ("a.png", ("-frames:v", "1", "-pix_fmt", "rgb24")),
        ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "gbrp10le")),
    ],
)
def test_rgb_sources(tmp_path: Path, name: str, arguments: tuple[str, ...]) -> None:
    rgb = _rgb(_show(_patches(tmp_path / name, "", *arguments), (224, 32), (224, 32)))
    for index, color in enumerate(_COLORS):
        assert np.abs(rgb[8, index * 16 + 8] - color).max() <= 2


def test_wide_gamut_is_converted_to_bt709(tmp_path: Path) -> None:
    # BT.709's (0.6, 0.3, 0.2) in linear light, coded in BT.2020.
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    linear = np.array([0.6, 0.3, 0.2])
    red, green, blue = _coded(to_2020 @ linear)
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    y, u, v = 64 + 876 * luma, 512 + 896 * (blue - luma) / 1.8814, 512 + 896 * (red - luma) / 1.4746
    path = make(
        tmp_path / "a.mkv",
        *("-f", "lavfi", "-i", "color=size=64x32:rate=5:duration=1,format=yuv420p10le"),
        *("-vf", f"geq=lum={y:.0f}:cb={u:.0f}:cr={v:.0f}", "-c:v", "ffv1", "-pix_fmt", "yuv420p10le"),
        *(
            "-colorspace",
            "bt2020nc",
            "-color_primaries",
            "bt2020",
            "-color_trc",
            "bt2020-10",
            "-color_range",
            "tv",
        ),
    )
    rgb = _rgb(_show(path, (64, 32), (32, 16)))[4, 8]
    assert np.abs(rgb - _coded(linear) * 255).max() <= 3


def _coded(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1.099 * linear**0.45 - 0.099


def test_high_dynamic_range_is_mapped(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.mkv",
        *("-f", "lavfi", "-i", "color=size=64x32:rate=5:duration=1,format=yuv420p10le"),
        # A quarter each at black, 100 nits, 203 nits and 10 000 nits.
        *(
            "-vf",
            "geq=lum='st(0,floor(X/16));64+876*(0.508*eq(ld(0),1)+0.581*eq(ld(0),2)+eq(ld(0),3))':cb=512:cr=512",
        ),
        *("-c:v", "ffv1", "-pix_fmt", "yuv420p10le", "-color_range", "tv"),
        *("-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084"),
    )
    bitmap = _show(path, (64, 32), (64, 32))
    assert isinstance(bitmap, YuvBitmap)
    levels = [int(bitmap.y[16, x]) for x in (8, 24, 40, 56)]
    assert levels == sorted(levels)
    assert levels[0] <= 17
    assert 100 < levels[1] < levels[2] < 235
    assert levels[3] >= 230


def _corners(path: Path, size: str = "160x80") -> Path:
    """Write a white video with a black quarter at the top left."""
    width, height = (int(part) for part in size.split("x"))
    box = f"drawbox=w={width // 2}:h={height // 2}:color=black:t=fill"
    source = f"color=white:size={size}:rate=5:duration=1,{box},format=yuv420p"
    return make(path, "-f", "lavfi", "-i", source, "-c:v", "ffv1")


@pytest.mark.parametrize(("rotation", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
@pytest.mark.parametrize("box", [(80, 160), (40, 100), (90, 90)])
def test_rotation_is_applied_before_the_fit(
    tmp_path: Path, rotation: int, corner: tuple[int, int], box: tuple[int, int]
) -> None:
    upright = (160, 80) if rotation in {0, 180} else (80, 160)
    bitmap = _show(_corners(tmp_path / "a.mkv"), upright, box, rotation=rotation)
    assert isinstance(bitmap, YuvBitmap)
    quarters = {
        (x, y): int(bitmap.y[box[1] * (1 + 2 * y) // 4, box[0] * (1 + 2 * x) // 4]) for x in (0, 1) for y in (0, 1)
    }
    assert {place for place, level in quarters.items() if level < 60} == {corner}


def test_cover_crops_to_the_exact_pixel(tmp_path: Path) -> None:
    # One level more a pixel tells what is seen where; levels are whole, and places even.
    ramp = "color=size=200x50:rate=5:duration=1,format=yuv420p,geq=lum='20+X':cb=128:cr=128"
    tagged = f"{ramp},setparams=colorspace=bt709:range=tv"
    path = make(tmp_path / "a.mkv", "-f", "lavfi", "-i", tagged, "-c:v", "ffv1")
    for box in ((50, 50), (34, 50), (100, 100), (66, 90), (300, 200), (120, 30)):
        scale = max(box[0] / 200, box[1] / 50)
        bitmap = _show(path, (200, 50), box)
        assert isinstance(bitmap, YuvBitmap)
        at = np.arange(4, box[0] - 4)
        expected = 20 + (at + 0.5 - box[0] / 2) / scale + 100 - 0.5
        assert np.abs(bitmap.y[box[1] // 2, 4:-4] - expected).max() * scale <= 1 + scale * 0.51, box


def test_bars_are_transparent_and_pixels_may_be_non_square(tmp_path: Path) -> None:
    path = _corners(tmp_path / "a.mkv")
    # Stored at 160x80, shown at 80x80.
    bitmap = _show(path, (80, 80), (200, 100), fit="contain")
    assert isinstance(bitmap, YuvBitmap)
    assert bitmap.alpha is not None
    assert (bitmap.alpha[:, 50:150] == 255).all()
    assert bitmap.alpha.sum() == 100 * 100 * 255
    assert bitmap.y[25, 70] < 60 < bitmap.y[25, 130]
    blurred = _show(path, (80, 80), (200, 100), fit="contain-blur")
    assert isinstance(blurred, YuvBitmap)
    assert blurred.alpha is None
    assert (blurred.y[:, 50:150] == bitmap.y[:, 50:150]).all()
    assert blurred.y[90, 190] > 200


@pytest.mark.parametrize("box", [(42, 388), (30, 388), (388, 42), (200, 400)])
def test_the_blurred_backdrop_is_the_same_whatever_memory_held_before(box: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (480 * 3 // 2, 640)).astype(np.uint8)
    frame = VideoFrame.from_ndarray(pixels, "yuv420p")
    seen = set()
    for value in range(40):
        used = [np.full(size, value * 37 % 256, np.uint8) for size in (600, 2000, 9000, 40_000)]
        del used
        bitmap = FrameConverter("contain-blur", (640, 480), box).convert(frame)
        assert isinstance(bitmap, YuvBitmap)
        seen.add(b"".join(plane.tobytes() for plane in (bitmap.y, bitmap.u, bitmap.v)))
    assert len(seen) == 1


def test_the_backdrop_of_a_dark_video_has_no_bands() -> None:
    ramp = np.tile(np.linspace(20, 34, 640).astype(np.uint8), (480, 1))
    pixels = np.concatenate([ramp, np.full((240, 640), 128, np.uint8)])
    bitmap = FrameConverter("contain-blur", (640, 480), (1280, 1600)).convert(
        VideoFrame.from_ndarray(pixels, "yuv420p")
    )
    assert isinstance(bitmap, YuvBitmap)
    backdrop = bitmap.y[:300].astype(int)
    blocks = backdrop[:288, :1280].reshape(9, 32, 40, 32).mean((1, 3)).mean(0)
    # The means rise in fractions of a step, and no column is a step.
    assert (np.diff(blocks)[3:-3] > 0.02).all()
    assert max(np.abs(np.diff(backdrop.mean(0)))[64:-64]) < 0.5
    assert (bitmap.u == 128).all()


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "prores_ks"), ("a.webm", "libvpx-vp9"), ("b.mov", "qtrle")])
@pytest.mark.parametrize("box", [(160, 80), (80, 40)])
def test_the_alpha_channel_of_a_source_is_kept(
    tmp_path: Path, name: str, codec: str, box: tuple[int, int]
) -> None:
    halves = "color=red:size=160x80:rate=5:duration=1,format=rgba,geq=r=255:g=0:b=0:a='255*lt(X,80)'"
    form = {"prores_ks": "yuva444p10le", "libvpx-vp9": "yuva420p", "qtrle": "argb"}[codec]
    path = make(tmp_path / name, "-f", "lavfi", "-i", halves, "-c:v", codec, "-pix_fmt", form)
    bitmap = _show(path, (160, 80), box)
    assert isinstance(bitmap, RgbaBitmap)
    left, right = bitmap.rgba[20, box[0] // 4], bitmap.rgba[20, box[0] * 3 // 4]
    assert np.abs(left.astype(int) - (255, 0, 0, 255)).max() <= 4
    assert right.max() <= 1
    assert (bitmap.rgba[..., :3] <= bitmap.rgba[..., 3:]).all()


def test_a_keyed_color_becomes_transparent(tmp_path: Path) -> None:
    scene = "color=0x00ff00:size=160x80:rate=5:duration=1,drawbox=x=40:w=80:color=0xc03020:t=fill,format=yuv420p"
    path = make(tmp_path / "a.mkv", "-f", "lavfi", "-i", scene, "-c:v", "ffv1")
    for box, inside in (((160, 80), slice(40, 120)), ((80, 40), slice(20, 60))):
        bitmap = _show(path, (160, 80), box, chroma_key=ChromaKey((0.0, 1.0, 0.0, 1.0)))
        assert isinstance(bitmap, YuvBitmap)
        assert bitmap.alpha is not None
        assert (bitmap.alpha[:, inside.start + 4 : inside.stop - 4] == 255).all()
        assert (bitmap.alpha[:, : inside.start - 4] == 0).all()
        assert (bitmap.alpha[:, inside.stop + 4 :] == 0).all()
    barred = _show(path, (160, 80), (160, 120), fit="contain", chroma_key=ChromaKey((0.0, 1.0, 0.0, 1.0)))
    assert isinstance(barred, YuvBitmap)
    assert barred.alpha is not None
    assert (barred.alpha[:18] == 0).all()
    assert (barred.alpha[24:96, 48:112] == 255).all()


def test_deinterlacing_removes_combing(tmp_path: Path) -> None:
    moving = "color=black:size=192x96:rate=50:duration=1,drawbox=w=24:color=white:t=fill"
    moved = "[0]scroll=horizontal=-0.05,interlace=scan=tff,format=yuv420p"
    path = make(tmp_path / "a.mkv", "-f", "lavfi", "-i", moving, "-filter_complex", moved, "-c:v", "ffv1")
    combs = []
    for is_interlaced in (False, True):
        bitmap = _show(path, (192, 96), (192, 96), is_interlaced=is_interlaced, time_s=0.4)
        assert isinstance(bitmap, YuvBitmap)
        rows = bitmap.y[20:76].astype(int)
        combs.append(np.abs(rows[1:-1] * 2 - rows[:-2] - rows[2:]).sum())
    assert combs[1] < combs[0] / 10


def test_odd_sources_and_tiny_boxes(tmp_path: Path) -> None:
    source = "testsrc2=size=161x91:rate=5:duration=1,format=yuv444p"
    path = make(tmp_path / "a.mkv", "-f", "lavfi", "-i", source, "-c:v", "ffv1")
    fits: tuple[Fit, ...] = ("cover", "contain", "contain-blur", "fill", "none", "scale-down")
    for fit in fits:
        for box in ((2, 2), (162, 2), (2, 90), (160, 90), (400, 30), (162, 92)):
            _show(path, (161, 91), box, fit=fit)
