"""Options of single pictures, by the suffix of the output."""

from __future__ import annotations

from ffmpeg_worker.planning.presets.encodings import suffix_of

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LOSSLESS_SUFFIXES = (".png", ".webp")
SCALE_FLAGS = "flags=lanczos+accurate_rnd+full_chroma_int"
"""Without the last two, swscale makes RGB that is two levels off."""
SHRINK_FLAGS = "flags=area+accurate_rnd+full_chroma_int"
"""The same where pictures become much smaller."""
_JPEG_QUALITY = "3"
_WEBP_QUALITY = "85"


def picture_options(output: str) -> tuple[str, ...]:
    """Write one picture of good quality into one file."""
    match suffix_of(output):
        case ".png":
            return ("-update", "1")
        case ".webp":
            return ("-c:v", "libwebp", "-quality", _WEBP_QUALITY, "-update", "1")
        case _:
            # JPEG files hold full-range color.
            return ("-q:v", _JPEG_QUALITY, "-pix_fmt", "yuvj420p", "-update", "1")
