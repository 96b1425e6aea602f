"""Names of local files for inputs from web servers."""

from __future__ import annotations

import re

from ffmpeg_worker.storage.transfer import safe_suffix

WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_SUFFIX_BY_TYPE = {
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/mp2t": ".ts",
    "video/x-msvideo": ".avi",
    "video/ogg": ".ogv",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/webm": ".weba",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
}


def name_of(url: str, content_type: str) -> str:
    """The name of the local file. Its extension is that of the URL's path, else that of the media type.

    File names that the server sends are ignored.
    """
    path = re.split(r"[?#]", url.partition("://")[2], maxsplit=1)[0].partition("/")[2]
    return f"input{safe_suffix(path) or _SUFFIX_BY_TYPE.get(content_type, '')}"
