"""Read and rewrite the file names in lists for FFmpeg's concat demuxer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_FILE_LINE = re.compile(r"^(\s*file\s+)(\S.*?)\s*$")


def read_entries(text: str) -> list[str]:
    """File names in a concat list, in order, without quotation marks."""
    return [_unquote(match.group(2)) for line in text.splitlines() if (match := _FILE_LINE.match(line))]


def rename_entries(text: str, names: Mapping[str, str]) -> str:
    """The list with each file name that is a key of `names` replaced by its value."""
    lines = []
    for line in text.splitlines():
        match = _FILE_LINE.match(line)
        name = names.get(_unquote(match.group(2))) if match else None
        lines.append(f"{match.group(1)}'{name}'" if match and name is not None else line)
    return "\n".join(lines) + "\n"


def _unquote(name: str) -> str:
    try:
        parts = shlex.split(name)
    except ValueError:
        return name
    return parts[0] if len(parts) == 1 or parts[1:2] == ["#"] else name
