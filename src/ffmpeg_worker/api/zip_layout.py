"""The bytes of a ZIP archive around its files, which are stored as they are (APPNOTE 6.3.10, with ZIP64)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_MAX_32, _MAX_16 = 0xFFFFFFFF, 0xFFFF
_VERSION, _UTF_8, _STORED = 45, 0x0800, 0
_DOS_TIME, _DOS_DATE = 0, (1 << 5) | 1  # 1 January 1980, the first day of the format
_UNIX_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file of an archive; `crc` is its CRC-32."""

    name: str
    size: int
    crc: int


def local_header(entry: ZipEntry) -> bytes:
    """Return what stands before the bytes of a file."""
    name, size = entry.name.encode("utf-8", "replace"), min(entry.size, _MAX_32)
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if entry.size >= _MAX_32 else b""
    fields = (b"PK\3\4", _VERSION, _UTF_8, _STORED, _DOS_TIME, _DOS_DATE, entry.crc, size, size)
    return struct.pack("<4s5H3L2H", *fields, len(name), len(extra)) + name + extra


def directory(entries: Sequence[ZipEntry]) -> bytes:
    """Return the end of an archive, which tells where its files are."""
    records, offset = [], 0
    for entry in entries:
        records.append(_central_header(entry, offset))
        offset += len(local_header(entry)) + entry.size
    body = b"".join(records)
    needs_64 = len(entries) >= _MAX_16 or offset >= _MAX_32 or len(body) >= _MAX_32
    end_64 = _end_64(len(entries), len(body), offset) if needs_64 else b""
    count = min(len(entries), _MAX_16)
    end = (b"PK\5\6", 0, 0, count, count, min(len(body), _MAX_32), min(offset, _MAX_32), 0)
    return body + end_64 + struct.pack("<4s4H2LH", *end)


def archive_size(entries: Sequence[ZipEntry]) -> int:
    """Return the bytes of the whole archive."""
    return sum(len(local_header(entry)) + entry.size for entry in entries) + len(directory(entries))


def _central_header(entry: ZipEntry, offset: int) -> bytes:
    name, size = entry.name.encode("utf-8", "replace"), min(entry.size, _MAX_32)
    large = [entry.size, entry.size] if entry.size >= _MAX_32 else []
    large += [offset] if offset >= _MAX_32 else []
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    made_by = 3 << 8 | _VERSION  # Unix, so that the mode counts
    head = (b"PK\1\2", made_by, _VERSION, _UTF_8, _STORED, _DOS_TIME, _DOS_DATE, entry.crc, size, size)
    tail = (len(name), len(extra), 0, 0, 0, _UNIX_FILE, min(offset, _MAX_32))
    return struct.pack("<4s6H3L5H2L", *head, *tail) + name + extra


def _end_64(count: int, size: int, offset: int) -> bytes:
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 3 << 8 | _VERSION, _VERSION, 0, 0, count, count, size, offset
    )
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
