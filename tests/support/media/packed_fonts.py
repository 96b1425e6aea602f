"""WOFF and WOFF2 fonts, and hostile files that look like them."""

from __future__ import annotations

import io
import struct
import zlib

import brotli
from fontTools.ttLib import TTFont
from fontTools.ttLib.woff2 import WOFF2FlavorData, packBase128

import ffmpeg_worker.fonts

FONTS = ffmpeg_worker.fonts.FOLDER
_TRUETYPE = b"\0\1\0\0"
_NAMES, _OUTLINES = 5, 10  # the numbers of the tables `name` and `glyf` in WOFF2
_PIECE = bytes(1 << 24)


def packed(name: str, form: str, transformed: tuple[str, ...] = ("glyf", "loca")) -> bytes:
    """A bundled font as `woff` or `woff2`; `transformed` are the tables that WOFF2 transforms."""
    font = TTFont(FONTS / name, recalcBBoxes=False, recalcTimestamp=False)
    font.flavor = form
    if form == "woff2":
        font.flavorData = WOFF2FlavorData(transformedTables=set(transformed))
    file = io.BytesIO()
    font.save(file, reorderTables=False)
    return file.getvalue()


def woff2_of(declared: int, stream: bytes) -> bytes:
    """A WOFF2 with one table that declares `declared` bytes, and `stream` as its compressed data."""
    return _woff2(bytes([_NAMES]) + packBase128(declared), declared, stream)


def woff2_of_empty_contours(glyphs: int) -> bytes:
    """A WOFF2 of some hundred bytes whose glyphs have the maximum number of contours, all without points."""
    count = 32767
    streams = (struct.pack(">h", count) * glyphs, bytes(count * glyphs), b"", bytes(glyphs), b"", bytes(64), b"")
    sizes = struct.pack(">HHHHIIIIIII", 0, 0, glyphs, 1, *map(len, streams))
    table = b"".join((sizes, *streams))
    directory = bytes([_OUTLINES]) + packBase128(len(table)) * 2
    return _woff2(directory, len(table), brotli.compress(table, quality=1))


def _woff2(directory: bytes, declared: int, stream: bytes) -> bytes:
    length = 48 + len(directory) + len(stream)
    sizes = (length, 1, 0, min(declared + 28, 2**32 - 1), len(stream), 1, 0, 0, 0, 0, 0, 0)
    return struct.pack(">4s4sIHHIIHHIIIII", b"wOF2", _TRUETYPE, *sizes) + directory + stream


def woff_of(declared: int, stream: bytes) -> bytes:
    """A WOFF with one table that declares `declared` bytes, and `stream` as its compressed data."""
    sizes = (64 + len(stream), 1, 0, min(declared + 28, 2**32 - 1), 1, 0, 0, 0, 0, 0, 0)
    header = struct.pack(">4s4sIHHIHHIIIII", b"wOFF", _TRUETYPE, *sizes)
    return header + struct.pack(">4sIIII", b"name", 64, len(stream), declared, 0) + stream


def brotli_zeros(pieces: int) -> bytes:
    """Brotli data of `pieces` times 16 MiB of zeros, 3 kB each."""
    packer = brotli.Compressor(quality=1)
    return b"".join([*(packer.process(_PIECE) for _ in range(pieces)), packer.finish()])


def zlib_zeros(pieces: int) -> bytes:
    """Zlib data of `pieces` times 16 MiB of zeros, without an end."""
    packer = zlib.compressobj(1)
    header = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(_PIECE) + packer.flush(zlib.Z_FULL_FLUSH)
    return header + piece * pieces
