"""Read and rewrite the file names in lists for FFmpeg's concat demuxer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ffmpeg_worker.command.shell_words import split_words

_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 4096
_FILE_LINE = re.compile(r"\s*+file\s++(?=\S)")
_OPTION_LINE = re.compile(r"^\s*+option\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A file that a list names: its name without quotation marks, and the number of its line, counted from 1."""

    name: str
    line: int


def read_entries(text: str) -> list[ListEntry]:
    """The files that a concat list names, in order."""
    lines = enumerate(text.splitlines(), start=1)
    return [ListEntry(name, number) for number, line in lines if (name := _read_line(line)[1]) is not None]


def has_options(text: str) -> bool:
    """Whether a list has options for the protocols and demuxers of its files."""
    return _OPTION_LINE.search(text) is not None


def rename_entries(
    text: str, names: Mapping[str, str], options: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> str:
    """The list with each file name that is a key of `names` replaced by its value.

    Names that are keys of `options` get these options; FFmpeg accepts them with `-safe 0` only.
    """
    lines = []
    for line in text.splitlines():
        keyword, name = _read_line(line)
        renamed = names.get(name) if name is not None else None
        lines.append(line if renamed is None else keyword + _quote(renamed))
        given = options.get(name, {}) if name is not None else {}
        lines += [f"option {key} {value}" for key, value in given.items()]
    return "\n".join(lines) + "\n"


def describe_problem(name: str) -> str | None:
    """Why no file and no URL can have this name, as a phrase that follows the line; `None` if one can."""
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    if not encoded or encoded.endswith(b"/"):
        return "names no file"
    if any(character < 32 or character == 127 for character in encoded):
        return "contains a control character"
    longest = 0 if "://" in name else max(map(len, encoded.split(b"/")))
    if longest > _MAX_NAME_BYTES or len(encoded) > _MAX_PATH_BYTES:
        return "has a name longer than a file may have"
    return None


def _read_line(line: str) -> tuple[str, str | None]:
    """The keyword of a line with its blanks, and the name after it; no name where the line names no file."""
    found = _FILE_LINE.match(line)
    return (found[0], _unquote(line[found.end() :].rstrip())) if found else ("", None)


def _quote(name: str) -> str:
    return "'" + name.replace("'", r"'\''") + "'"


def _unquote(name: str) -> str:
    try:
        parts = split_words(name)
    except ValueError:
        return name
    return parts[0] if len(parts) == 1 or parts[1:2] == ["#"] else name
