"""Writes HEIC files: HEVC pictures in HEIF boxes, as phones store them, whole or in tiles."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from support.media.sources import make


@dataclass(frozen=True)
class HeicLook:
    """How a picture is stored: `tile` is the side of its tiles, `turns` are quarter turns counterclockwise."""

    tile: int | None = None
    turns: int = 0
    profile: bytes | None = field(default=None, repr=False)
    crop: tuple[int, int] | None = None


def write_heic(path: Path, rgb: Pixels, look: HeicLook | None = None) -> Path:
    """Write a picture (height, width, 3), whose sides are even; tiles beyond its edges repeat its last pixels."""
    look = look or HeicLook()
    height, width = rgb.shape[:2]
    side = look.tile
    tiles = [rgb] if side is None else _cut(rgb, side)
    config, samples = _encode(tiles, path.with_suffix(".mp4"))
    size = (width, height)
    properties = [
        _box(b"hvcC", config),
        _full(b"ispe", struct.pack(">II", *((side, side) if side else size))),
        _full(b"ispe", struct.pack(">II", *size)),
        _box(b"irot", bytes([look.turns])),
        _box(b"colr", b"prof" + look.profile) if look.profile else _box(b"colr", b"nclx\0\1\0\x0d\0\1\x80"),
    ]
    if look.crop:
        properties.append(_box(b"clap", struct.pack(">IIIIIIII", look.crop[0], 1, look.crop[1], 1, 0, 1, 0, 1)))
    own = [0x83, 5, *([0x86] if look.crop else []), 0x84]
    numbers = list(range(1, len(tiles) + 1))
    if side is None:
        primary, items, used = 1, [(1, b"hvc1")], {1: [0x81, *own]}
        references = b""
    else:
        primary = len(tiles) + 1
        items = [*((number, b"hvc1") for number in numbers), (primary, b"grid")]
        used = {**{number: [0x81, 0x82, 5] for number in numbers}, primary: own}
        columns, rows = -(-width // side), -(-height // side)
        samples = [*samples, struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)]
        linked = struct.pack(f">HH{len(numbers)}H", primary, len(numbers), *numbers)
        references = _full(b"iref", _box(b"dimg", linked))
    return _write(path, properties, (primary, items, used, references), samples)


def picture(width: int, height: int) -> Pixels:
    """Return a picture whose corners are red, green, blue and white, on a smooth ground."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([60 + 90 * x / width, 60 + 90 * y / height, np.full(x.shape, 90)], axis=-1)
    half_x, half_y = width // 4, height // 4
    for rows, columns, color in (
        (slice(half_y), slice(half_x), (220, 30, 30)),
        (slice(half_y), slice(width - half_x, None), (30, 200, 30)),
        (slice(height - half_y, None), slice(half_x), (30, 30, 220)),
        (slice(height - half_y, None), slice(width - half_x, None), (240, 240, 240)),
    ):
        rgb[rows, columns] = color
    return rgb.astype(np.uint8)


_Items = tuple[int, list[tuple[int, bytes]], dict[int, list[int]], bytes]


def _write(path: Path, properties: Sequence[bytes], described: _Items, samples: Sequence[bytes]) -> Path:
    primary, items, used, references = described
    names = b"".join(
        _full(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), version=2) for number, kind in items
    )
    links = b"".join(struct.pack(">HB", number, len(used[number])) + bytes(used[number]) for number, _ in items)
    kinds = _box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(first: int) -> bytes:
        at, places = first, b""
        for (number, _), sample in zip(items, samples, strict=True):
            places += struct.pack(">HHHII", number, 0, 1, at, len(sample))
            at += len(sample)
        return _full(
            b"meta",
            _full(b"hdlr", b"\0\0\0\0pict" + bytes(13))
            + _full(b"pitm", struct.pack(">H", primary))
            + _full(b"iloc", struct.pack(">BBH", 0x44, 0, len(items)) + places)
            + _full(b"iinf", struct.pack(">H", len(items)) + names)
            + references
            + _box(
                b"iprp",
                _box(b"ipco", b"".join(properties)) + _full(b"ipma", struct.pack(">I", len(items)) + links),
            ),
        )

    first = len(kinds) + len(meta(0)) + 8
    path.write_bytes(kinds + meta(first) + _box(b"mdat", b"".join(samples)))
    return path


def _cut(rgb: Pixels, side: int) -> list[Pixels]:
    height, width = rgb.shape[:2]
    padded = np.pad(rgb, ((0, -height % side), (0, -width % side), (0, 0)), mode="edge")
    return [
        padded[top : top + side, left : left + side]
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def _encode(tiles: Sequence[Pixels], scratch: Path) -> tuple[bytes, list[bytes]]:
    """Return the configuration record and one sample for each picture."""
    height, width = tiles[0].shape[:2]
    raw = scratch.with_suffix(".rgb")
    raw.write_bytes(b"".join(tile.tobytes() for tile in tiles))
    source = ("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{width}x{height}", "-i", str(raw))
    colors = "scale=out_color_matrix=bt709:out_range=full,format=yuv420p"
    coding = ("-c:v", "libx265", "-x265-params", "keyint=1:crf=8:log-level=error:range=full", "-tag:v", "hvc1")
    make(scratch, *source, "-vf", colors, "-color_range", "pc", *coding)
    with av.open(str(scratch)) as container:
        stream = container.streams.video[0]
        samples = [bytes(packet) for packet in container.demux(stream) if packet.size]
        config = bytes(stream.codec_context.extradata or b"")
    raw.unlink()
    scratch.unlink()
    return config, samples


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _full(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
