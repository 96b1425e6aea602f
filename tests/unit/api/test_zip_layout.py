"""The bytes around the files of a ZIP archive, read by the standard library."""

from __future__ import annotations

import io
import zipfile
import zlib

from ffmpeg_worker.api.zip_layout import ZipEntry, archive_size, directory, local_header


def test_an_archive_can_be_read() -> None:
    files = {"a.txt": b"hello", "ü/😀.bin": bytes(1000), "empty": b""}
    entries = [ZipEntry(name, len(content), zlib.crc32(content)) for name, content in files.items()]
    parts = [local_header(entry) + content for entry, content in zip(entries, files.values(), strict=True)]
    archive = b"".join(parts) + directory(entries)
    assert len(archive) == archive_size(entries)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files


def test_large_files_and_their_places_have_64_bits() -> None:
    entries = [ZipEntry("large", 5 << 30, 1), ZipEntry("behind", 3, 2)]
    end = directory(entries)
    headers = sum(len(local_header(entry)) for entry in entries)
    assert archive_size(entries) == (5 << 30) + 3 + headers + len(end)
    # The gap stands for the bytes of the files, which the reader of the directory does not look at.
    with zipfile.ZipFile(_Sparse(end, archive_size(entries))) as read:
        assert [(info.file_size, info.header_offset) for info in read.infolist()] == [
            (5 << 30, 0),
            (3, (5 << 30) + len(local_header(entries[0]))),
        ]


def test_more_files_than_16_bits_can_count() -> None:
    entries = [ZipEntry(str(number), 0, 0) for number in range(65_536)]
    body = b"".join(map(local_header, entries)) + directory(entries)
    with zipfile.ZipFile(io.BytesIO(body)) as read:
        assert len(read.infolist()) == 65_536


class _Sparse(io.RawIOBase):
    """A file of a size of which only the end has content."""

    def __init__(self, end: bytes, size: int) -> None:
        self._end, self._size, self._at = end, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        size = self._size - self._at if size < 0 else size
        start = self._at - (self._size - len(self._end))
        self._at += size
        return self._end[start : start + size]
