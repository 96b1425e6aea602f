"""The size of the picture in a HEIF file, of whole, tiled, turned and damaged ones."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ffmpeg_worker.ffmpeg.probe.heif_size import read_heif_size


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _file(
    properties: bytes, used: bytes, *, brand: bytes = b"heic", before: bytes = b"", wide: bool = False
) -> bytes:
    version, number = (b"\1", b"\0\0\0\7") if wide else (b"\0", b"\0\7")
    ipma = _box(b"ipma", version + b"\0\0\0\0\0\0\1" + number + bytes([len(used)]) + used)
    meta = b"\0\0\0\0" + _box(b"pitm", version + b"\0\0\0" + number)
    meta += _box(b"iprp", _box(b"ipco", properties) + ipma)
    return _box(b"ftyp", brand + b"\0\0\0\0") + before + _box(b"meta", meta) + _box(b"mdat", b"x" * 20)


def _ispe(width: int, height: int) -> bytes:
    return _box(b"ispe", b"\0\0\0\0" + struct.pack(">II", width, height))


_TILE, _FULL = _ispe(512, 512), _ispe(4032, 3024)
_TURN = _box(b"irot", b"\1")
_CLAP = _box(b"clap", struct.pack(">8I", 4000, 1, 6000, 2, 0, 1, 0, 1))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (_file(_FULL, b"\1"), (4032, 3024)),
        (_file(_TILE + _FULL, b"\x82"), (4032, 3024)),
        (_file(_TILE + _FULL + _TURN, b"\2\x83"), (3024, 4032)),
        (_file(_FULL + _CLAP + _TURN, b"\1\2\3"), (3000, 4000)),
        (_file(_TURN + _FULL, b"\2", wide=True), (4032, 3024)),
        (_file(_FULL, b"\1", brand=b"avif", before=_box(b"free", b"1234")), (4032, 3024)),
        (_file(_FULL, b"\1", brand=b"isom"), None),
        (_file(_FULL, b"\5"), None),
        (_file(_ispe(0, 10), b"\1"), None),
        (b"", None),
        (b"\0\0\0\7ftyp", None),
        (_box(b"meta", b""), None),
        (_file(_FULL, b"\1")[:60], None),
    ],
)
def test_the_size_is_that_of_the_primary_picture(
    tmp_path: Path, content: bytes, size: tuple[int, int] | None
) -> None:
    (tmp_path / "a").write_bytes(content)
    assert read_heif_size(tmp_path / "a") == size


@pytest.mark.parametrize("side", [(48, 32), (33, 65)])
def test_avif_files_of_pillow(tmp_path: Path, side: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (side[1], side[0], 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.avif")
    assert read_heif_size(tmp_path / "a.avif") == side


def test_damaged_files_have_a_size_or_none(tmp_path: Path) -> None:
    whole = _file(_TILE + _FULL + _CLAP + _TURN, b"\2\3\4")
    for seed in range(300):
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        (tmp_path / "a").write_bytes(bytes(damaged))
        size = read_heif_size(tmp_path / "a")
        assert size is None or min(size) > 0


def test_the_time_does_not_grow_with_what_the_counts_claim(tmp_path: Path) -> None:
    """A table that claims 2^32 items ends with its bytes."""
    claims = _file(_FULL, b"\1").replace(b"ipma\0\0\0\0\0\0\0\1\0\7", b"ipma\0\0\0\0\xff\xff\xff\xff\0\x08")
    file = io.BytesIO(claims)
    (tmp_path / "a").write_bytes(file.getvalue())
    assert read_heif_size(tmp_path / "a") is None
