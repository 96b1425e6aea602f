"""Unpacks web fonts (WOFF and WOFF2) into OpenType fonts, which HarfBuzz reads."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import brotli
from fontTools.ttLib.sfnt import SFNTReader, SFNTWriter
from fontTools.ttLib.woff2 import WOFF2DirectoryEntry, WOFF2Reader

MAX_BYTES = 64 << 20
"""Of a packed file, and of the font in it; a font with all of Chinese, Japanese and Korean has a quarter of it."""

_WOFF2 = b"wOF2"
# The header fields with the positions of metadata and private data.
_METADATA_FIELDS = {b"wOFF": slice(24, 44), _WOFF2: slice(28, 48)}
_WOFF2_HEADER = 48
_PIECE_BYTES = 1 << 20
# numGlyphs, nContourStreamSize and compositeStreamSize of the transformed `glyf` table (WOFF2, section 5.1).
_GLYF_HEADER = struct.Struct(">4xH6xI8xI8x")
# Copying this many bytes takes almost a minute. A font of 20,000 glyphs in 7 MB needs a quarter of it.
_MAX_COPIED_BYTES = 1 << 39


def unpack_woff(path: Path) -> bytes | None:
    """Return the OpenType font in a web font; `None` if the file is not a web font.

    Raises:
        ValueError: the file is damaged, or holds more than `MAX_BYTES`.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        signature = file.read(4)
        if signature not in _METADATA_FIELDS:
            return None
        _check_size(path.stat().st_size)
        packed = bytearray(signature + file.read())
    # Metadata and private data are not needed, and fontTools would unpack metadata of any size.
    packed[_METADATA_FIELDS[signature]] = bytes(20)
    try:
        return _unpack_woff2(bytes(packed)) if signature == _WOFF2 else _unpack_woff1(bytes(packed))
    except (MemoryError, ValueError):
        raise
    except Exception as error:
        # fontTools does not check its input, so damage raises errors of any type.
        raise ValueError(f"the packed font is damaged: {error!r}") from error


def _unpack_woff1(packed: bytes) -> bytes:
    reader = SFNTReader(io.BytesIO(packed))
    _check_size(sum(entry.origLength for entry in reader.tables.values()))
    return _write_font(reader, ((tag, _inflate(packed, entry)) for tag, entry in reader.tables.items()))


def _inflate(packed: bytes, entry: Any) -> bytes:
    """Return a table. fontTools would unpack all of its data before it checks the size."""
    table = packed[entry.offset : entry.offset + entry.length]
    is_whole = len(table) == entry.length
    if entry.length < entry.origLength:
        table = zlib.decompressobj().decompress(table, entry.origLength)
    if not is_whole or len(table) != entry.origLength:
        raise ValueError(f"the table {entry.tag} is damaged")
    return table


def _unpack_woff2(packed: bytes) -> bytes:
    _check_unpacked_size(packed)
    reader = WOFF2Reader(io.BytesIO(packed))
    _check_outlines(reader)
    return _write_font(reader, ((tag, reader[tag]) for tag in reader.tables))


def _check_unpacked_size(packed: bytes) -> None:
    """Raise ValueError if the compressed stream of all tables is longer or shorter than declared, or too long.

    fontTools checks the size only after unpacking, so the stream is unpacked here first, piece by piece.
    """
    file = io.BytesIO(packed)
    file.seek(_WOFF2_HEADER)
    declared = 0
    for _ in range(int.from_bytes(packed[12:14])):
        entry = WOFF2DirectoryEntry()
        entry.fromFile(file)
        declared += entry.length
        _check_size(declared)
    stream = file.read(int.from_bytes(packed[20:24]))
    decoder, size = brotli.Decompressor(), 0
    while piece := decoder.process(stream, output_buffer_limit=_PIECE_BYTES):
        size += len(piece)
        stream = b""
        if size > declared:
            break
    if size != declared:
        raise ValueError("the packed font does not have its declared size")


def _check_outlines(reader: Any) -> None:
    """Raise ValueError if reconstructing the outlines would take minutes, which a small file can cause.

    fontTools copies the rest of the outline data for every glyph, contour and component.
    """
    entry = reader.tables.get("glyf")
    if entry is None or not entry.transformed:
        return
    header = reader.transformBuffer.getvalue()[entry.offset : entry.offset + _GLYF_HEADER.size]
    glyphs, contours, composites = _GLYF_HEADER.unpack(header)
    if glyphs * entry.length + contours**2 + composites**2 > _MAX_COPIED_BYTES:
        raise ValueError("the packed font has too many outlines")


def _write_font(reader: Any, tables: Iterable[tuple[str, bytes]]) -> bytes:
    file, size = io.BytesIO(), 0
    writer = SFNTWriter(file, len(reader.tables), reader.sfntVersion)
    for tag, table in tables:
        size += len(table)
        _check_size(size)
        writer[tag] = table
    writer.close()
    return file.getvalue()


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"the packed font has more than {MAX_BYTES >> 20} MiB")
