"""Media types of outputs, by file name."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath

# Types that the standard table lacks or that differ between machines.
_CONTENT_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ass": "text/x-ssa",
}

MANIFEST_TYPES = frozenset({_CONTENT_TYPES[".m3u8"], _CONTENT_TYPES[".mpd"]})


def is_manifest(name: str) -> bool:
    """Whether a file is a manifest of a stream, by its extension."""
    return content_type(name) in MANIFEST_TYPES


def content_type(name: str) -> str:
    """The media type for a file name, by its extension."""
    suffix = PurePosixPath(name).suffix.lower()
    return _CONTENT_TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"
