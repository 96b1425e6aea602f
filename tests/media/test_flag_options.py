"""The list of options without a value matches the embedded FFmpeg."""

from __future__ import annotations

import re
import subprocess

from ffmpeg_worker.command.flag_options import FLAG_OPTIONS, is_flag
from support.media.sources import FFMPEG

# Options of ffmpeg 5.1 only, and `report`, which writes a file into the current folder.
_NOT_TRIED = {"psnr", "qphist", "report"}
_NO_SUCH_FILE = "No such file or directory"


def _takes_no_value(name: str) -> bool:
    """Whether an option is a flag: an option with a value would take `-i` as its value."""
    run = subprocess.run(
        [FFMPEG, "-hide_banner", "-nostdin", f"-{name}", "-i", "/nowhere/in.mp4", "/nowhere/out.mp4"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return "in.mp4" in run.stderr and (_NO_SUCH_FILE in run.stderr or "cannot be applied to input" in run.stderr)


def test_every_flag_is_one() -> None:
    assert [name for name in sorted(FLAG_OPTIONS - _NOT_TRIED) if not _takes_no_value(name)] == []


def test_no_flag_of_this_build_is_missing() -> None:
    text = subprocess.run(
        [FFMPEG, "-hide_banner", "-h", "full"], capture_output=True, text=True, check=True
    ).stdout
    own = text.partition("AVOptions")[0].partition("Global options")[2]
    without_value = {m.group(1) for m in re.finditer(r"^-(\w+)(?:\[:<[^>]*>\])?  ", own, re.MULTILINE)}
    missing = [name for name in sorted(without_value) if not is_flag(f"-{name}") and _takes_no_value(name)]
    assert missing == []
