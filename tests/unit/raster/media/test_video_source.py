"""The frames that are shown at times of a video, by the number drawn into each frame."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, YuvBitmap
from ffmpeg_worker.scene.content import VideoContent
from support.media.opened_sources import open_content
from support.media.sources import cut, make

# Twelve columns of 16 pixels: the bits of the frame's number.
_COUNTER = "geq=lum='if(mod(floor(N/pow(2,floor(X/16))),2),235,16)':cb=128:cr=128,format=yuv420p"
_TAGGED = ("-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709")


def _counter(path: Path, *extra: str, rate: str = "25", seconds: float = 8.0, filters: str = "") -> Path:
    source = f"color=black:size=192x32:rate={rate}:duration={seconds},{_COUNTER}{filters}"
    return make(path, "-f", "lavfi", "-i", source, "-qscale:v", "2", *_TAGGED, *extra)


def _number(bitmap: Bitmap | None) -> int:
    assert isinstance(bitmap, YuvBitmap)
    return sum(1 << bit for bit in range(12) if bitmap.y[16, 16 * bit + 8] > 128)


def _open(
    path: Path, *, seconds: float = 8.0, begin: float = 0.0, size: tuple[int, int] = (192, 32), **more: object
) -> VideoSource:
    content = VideoContent(str(path), (192, 32), begin, begin + seconds, **more)  # type: ignore[arg-type]
    return VideoSource(content, path, size)


_FORMS = {
    "b-frames.mp4": ("-c:v", "libx264", "-g", "40", "-bf", "3"),
    "open-gop.mkv": ("-c:v", "libx264", "-x264-params", "open-gop=1:keyint=30:bframes=3"),
    "stream.ts": ("-c:v", "libx264", "-g", "50", "-bf", "2"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-g", "12", "-bf", "2"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "60"),
    "intra.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-color_range", "pc"),
    "hevc.mp4": ("-c:v", "libx265", "-x265-params", "log-level=0:keyint=50:open-gop=1"),
}


@pytest.mark.parametrize("name", list(_FORMS))
def test_frames_do_not_depend_on_the_times_before(tmp_path: Path, name: str) -> None:
    source = _open(_counter(tmp_path / name, *_FORMS[name]))
    chance = random.Random(name)
    forward = [n / 30 for n in range(40)]
    jumps = [(chance.randrange(200) + chance.uniform(0.05, 0.95)) / 25 for _ in range(30)]
    jumps += [chance.randrange(200) / 25 for _ in range(20)]
    for time_s in [*forward, *jumps, 7.96, 0.0]:
        assert _number(source.render(time_s)) == int(time_s * 25 + 0.02), time_s
    source.close()


@pytest.mark.parametrize("rate", ["30000/1001", "60", "24"])
def test_each_frame_shows_the_last_source_frame_that_has_begun(tmp_path: Path, rate: str) -> None:
    source = _open(_counter(tmp_path / "a.mp4", "-c:v", "libx264", "-preset", "ultrafast", rate=rate))
    top, _, bottom = rate.partition("/")
    for n in range(230):
        expected = int(n / 30 * int(top) / int(bottom or 1) + 1e-6)
        assert _number(source.render(n / 30)) == expected


def test_variable_rate(tmp_path: Path) -> None:
    # Two of three frames are missing from the second second on.
    filters = ",select='lt(t,1)+not(mod(n,3))'"
    path = _counter(tmp_path / "a.mp4", "-c:v", "libx264", "-bf", "2", "-fps_mode", "vfr", filters=filters)
    source = _open(path)
    for n in [*range(0, 200, 7), 30, 31, 26, 199, 24, 25]:
        shown = n if n < 25 else n // 3 * 3
        assert _number(source.render(n / 25)) == max(shown, min(n, 24))


def test_a_frame_that_lasts_long_is_found_by_a_seek(tmp_path: Path) -> None:
    # Frames 0 to 25, then one in three seconds; nothing refers to some of them.
    filters = ",select='lte(n,25)+not(mod(n,75))'"
    form = ("-c:v", "libx264", "-bf", "3", "-fps_mode", "vfr")
    path = _counter(tmp_path / "a.mp4", *form, filters=filters, seconds=20.0)
    for time_s, shown in ((2.9, 25), (5.9, 75), (8.5, 150), (11.9, 225), (17.9, 375), (18.0, 450)):
        source = _open(path, seconds=20.0)
        assert _number(source.render(time_s)) == shown
        source.close()


def test_a_frame_is_converted_once(tmp_path: Path) -> None:
    source = _open(_counter(tmp_path / "a.mp4", "-c:v", "libx264"), size=(96, 16))
    bitmaps = [source.render(n / 50) for n in range(8)]
    assert [bitmap is before for before, bitmap in itertools.pairwise(bitmaps)] == [
        True, False, True, False, True, False, True,
    ]  # fmt: skip


def test_trim_speed_and_loop(tmp_path: Path) -> None:
    path = _counter(tmp_path / "a.mp4", "-c:v", "libx264", "-g", "40")
    fast = _open(path, begin=2.0, seconds=4.0, speed=2.0)
    assert [_number(fast.render(n / 25)) for n in (0, 1, 10, 49, 50, 99)] == [50, 52, 70, 148, 149, 149]
    loop = _open(path, begin=2.0, seconds=1.0, loops=True)
    assert [_number(loop.render(n / 25)) for n in range(60)] == [50 + n % 25 for n in range(60)]
    assert _number(loop.render(24_000 / 25)) == 50


def test_time_0_is_the_start_of_the_file(tmp_path: Path) -> None:
    whole = _counter(tmp_path / "a.mp4", "-c:v", "libx264")
    late = make(tmp_path / "late.mkv", "-i", str(whole), "-c", "copy", "-output_ts_offset", "7")
    source = _open(late)
    assert [_number(source.render(t)) for t in (0.0, 5.0, 1.0)] == [0, 125, 25]


def test_frames_without_times_are_counted(tmp_path: Path) -> None:
    source = _open(_counter(tmp_path / "a.h264", "-c:v", "libx264", "-g", "30"))
    assert [_number(source.render(t)) for t in (0.0, 1.0, 5.0, 0.4)] == [0, 25, 125, 10]


def test_the_last_frame_lasts(tmp_path: Path) -> None:
    source = _open(_counter(tmp_path / "a.mp4", "-c:v", "libx264", seconds=1.0), seconds=5.0)
    assert [_number(source.render(t)) for t in (0.9, 1.5, 4.0, 0.2, 100.0)] == [22, 24, 24, 5, 24]


def test_a_truncated_file_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = _counter(tmp_path / "a.ts", "-c:v", "libx264", "-g", "25")
    source = _open(cut(whole, tmp_path / "cut.ts", 0.6))
    assert _number(source.render(1.0)) == 25
    assert 80 < _number(source.render(7.0)) < 160


def test_damaged_parts_are_skipped_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = _counter(tmp_path / "a.ts", "-c:v", "mpeg2video", "-g", "12")
    data = bytearray(whole.read_bytes())
    chance = random.Random(3)
    for at in range(len(data) // 3, len(data) * 2 // 3, 700):
        data[at] = chance.randrange(256)
    (tmp_path / "b.ts").write_bytes(data)
    source = _open(tmp_path / "b.ts")
    assert _number(source.render(0.4)) == 10
    assert _number(source.render(7.8)) == 195
    assert len(caplog.records) <= 1


@pytest.mark.parametrize("content", [b"", b"no video", b"#EXTM3U\n#EXTINF:1,\na.ts\n"])
def test_a_file_that_is_not_a_video_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(RasterError) as caught:
        open_content(VideoContent("a.mp4", (16, 16), 0, 1), tmp_path, (16, 16), "layers[3]")
    assert (caught.value.code, caught.value.where) == ("source_unreadable", "layers[3]")


def test_an_unknown_codec_is_refused(tmp_path: Path) -> None:
    data = _counter(tmp_path / "a.mp4", "-c:v", "libx264", seconds=0.4).read_bytes()
    (tmp_path / "b.mp4").write_bytes(data.replace(b"avc1", b"zzz9"))
    with pytest.raises(RasterError, match="cannot be decoded here"):
        _open(tmp_path / "b.mp4")
