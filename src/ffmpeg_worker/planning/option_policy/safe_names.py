"""File and device names that options may contain: only files inside the job's folder."""

from __future__ import annotations

import re
import unicodedata

from ffmpeg_worker.job.local_files import STAGING_FOLDER

MAX_NAME_BYTES = 4096
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
# FFmpeg reads a protocol before a colon and splits some values at bars.
_SEPARATORS = re.compile(r"[:|\\]")
_RENDER_NODE = r"/dev/dri/(?:renderD|card)\d{1,3}"
_DEVICE = re.compile(
    rf"[a-z0-9_]*(?:=\w+)?(?::(?:\d+(?:\.\d+)?|{_RENDER_NODE})?)?(?:@\w+)?(?:,\w+=[\w-]*(?:\.[\w-]+)*)*"
    rf"|{_RENDER_NODE}|\d+(?:\.\d+)?|[A-Za-z]\w*",
    re.ASCII,
)


def stays_inside(name: str) -> bool:
    """Whether a relative name stays below its folder and no part of it is hidden."""
    return (
        0 < len(name.encode(errors="surrogatepass")) <= MAX_NAME_BYTES
        and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
        and all(part and not part.startswith(".") for part in name.split("/"))
    )


def is_job_file_name(name: str) -> bool:
    """Whether a name means a file in the job's folder to every part of FFmpeg that opens it."""
    return stays_inside(name) and not name.startswith("-") and not _SEPARATORS.search(name)


def may_read(name: str) -> bool:
    """Whether an option may read this file."""
    return is_job_file_name(name.removeprefix("file:"))


def may_write(name: str) -> bool:
    """Whether an option may write this file; `-` is standard output, which is not kept."""
    name = name.removeprefix("file:")
    return name == "-" or (is_job_file_name(name) and name.split("/")[0] != STAGING_FOLDER)


def may_read_fonts(name: str) -> bool:
    """Whether an option may read fonts from this file or folder."""
    name = name.removesuffix("/")
    folder = next((f for f in _FONT_FOLDERS if name.startswith(f"{f}/")), None)
    return name in _FONT_FOLDERS or is_job_file_name(name.removeprefix(f"{folder}/"))


def is_device(text: str) -> bool:
    """Whether a device is named by its kind, a number or a render node, e.g. `vaapi=gpu:/dev/dri/renderD128`."""
    return bool(_DEVICE.fullmatch(text))
