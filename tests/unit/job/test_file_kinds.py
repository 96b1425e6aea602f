"""Files are recognized by their first bytes, also where these are few or damaged."""

from __future__ import annotations

import struct

import pytest

from ffmpeg_worker.job.file_kinds import recognize_kind

_DNG = struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 50706, 1, 4, 1)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"junk before %PDF-1.4", "a PDF document"),
        (b"\xef\xbb\xbf<HTML>", "an HTML page"),
        (_DNG, "a raw image of a camera"),
        (b"\xff\xd8\xff\xe0", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 256, 3, 1, 64), None),
        (struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 254, 4, 1, 0), None),
        (struct.pack("<2sHI", b"II", 42, 0xFFFFFFFF) + b"ab", None),
        (b"\0\0\0\x18ftypmp42", None),
    ],
)
def test_kinds(head: bytes, kind: str | None) -> None:
    assert recognize_kind(head) == kind


@pytest.mark.parametrize("length", range(len(_DNG)))
def test_short_files_are_nothing_else(length: int) -> None:
    assert recognize_kind(_DNG[:length]) is None
