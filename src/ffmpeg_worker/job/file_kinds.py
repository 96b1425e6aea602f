"""Recognizes files that callers mistake for media or pictures, by their first bytes."""

from __future__ import annotations

import struct

HEAD_BYTES = 4096
"""How much of a file is needed."""

_CAMERA_RAW = "a raw image of a camera"
_STARTS = (
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"FUJIFILMCCD-RAW", _CAMERA_RAW),
    (b"IIRO", _CAMERA_RAW),
    (b"IIRS", _CAMERA_RAW),
    (b"IIU\0", _CAMERA_RAW),
    (b"FOVb", _CAMERA_RAW),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"{\\rtf", "a text document"),
    (b"8BPB", "a large Photoshop document (PSB)"),
    (b"gimp xcf", "a GIMP document"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
)
_PAGES = (b"<!doctype html", b"<html")
_DNG_VERSION, _SUBFILE_TYPE, _MAX_ENTRIES = 50706, 254, 300


def recognize_kind(head: bytes) -> str | None:
    """Return what a file is, such as `a PDF document`; `None` if it may be media or a picture.

    `head` is its first `HEAD_BYTES`.
    """
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if b"%PDF-" in head[:1024]:
        return "a PDF document"
    if head[4:12] == b"ftypcrx " or _is_raw_tiff(head):
        return _CAMERA_RAW
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_PAGES):
        return "an HTML page"
    return None


def _is_raw_tiff(head: bytes) -> bool:
    """Whether a TIFF has a DNG version, or begins with a preview, as raw images of most cameras do."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 10:
        return False
    if head[8:10] == b"CR":
        return True
    (at,) = struct.unpack_from(f"{order}I", head, 4)
    if at + 2 > len(head):
        return False
    (count,) = struct.unpack_from(f"{order}H", head, at)
    for entry in range(at + 2, min(at + 2 + min(count, _MAX_ENTRIES) * 12, len(head) - 11), 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHII", head, entry)
        if tag == _DNG_VERSION or (tag == _SUBFILE_TYPE and value == 1):
            return True
    return False
