"""Reads texts that name other files of a job."""

from __future__ import annotations

import codecs
from pathlib import Path

from ffmpeg_worker.budgets import MAX_LIST_BYTES
from ffmpeg_worker.errors import SourceTooLarge

_MAX_KEY_INFO_BYTES = 4096


def read_list(path: Path) -> str:
    """Read a list for the concat demuxer.

    Raises:
        SourceTooLarge: it is too long.
    """
    return _read_text(
        path,
        MAX_LIST_BYTES,
        SourceTooLarge(
            f"The list of files is larger than {MAX_LIST_BYTES} bytes.",
            hint="Join the files in several steps, each with a shorter list.",
        ),
    )


def read_key_info(path: Path) -> str:
    """Read the information file of an HLS key.

    Raises:
        SourceTooLarge: it is too long.
    """
    return _read_text(
        path,
        _MAX_KEY_INFO_BYTES,
        SourceTooLarge(
            f"The information file of an HLS key is larger than {_MAX_KEY_INFO_BYTES} bytes.",
            hint="Write three lines: the address of the key, the name of its file, and perhaps the IV.",
        ),
    )


def _read_text(path: Path, max_bytes: int, too_large: SourceTooLarge) -> str:
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise too_large
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
