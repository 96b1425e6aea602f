"""Decides which files FFmpeg may read by range, through a descriptor instead of a name.

FFmpeg then does not see the name, so only formats qualify that it recognizes by their content, and that refer to
no other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import urlsplit

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.command.file_arguments import read_arguments
from ffmpeg_worker.command.movie_filters import exchange_movies
from ffmpeg_worker.job.sources import FileSource, TextSource

_SUFFIXES = frozenset(
    " .mp4 .m4v .m4a .m4b .mov .qt .3gp .3g2 .mj2 .ismv .isma .mkv .mka .webm .ts .m2ts .mts .mpg .mpeg .vob .avi "
    ".flv .f4v .wmv .wma .asf .mxf .gxf .nut .wav .w64 .rf64 .flac .mp3 .ogg .oga .ogv .opus .aif .aiff "
    ".caf".split(" ")
)
MAX_FILES = 48
"""Files that one command reads in this way."""
_DEMUXERS = frozenset(
    "mov mp4 m4a 3gp 3g2 mj2 matroska webm mpegts mpeg avi flv asf mxf gxf nut wav w64 flac mp3 ogg aiff "
    "caf".split()
)


def is_read_by_range(name: str) -> bool:
    """Whether a file of this name or URL may be read by range."""
    try:
        path = urlsplit(name).path if "://" in name else name
    except ValueError:  # no URL; whoever fetches it says so
        return False
    return PurePosixPath(path).suffix.lower() in _SUFFIXES


def may_read_by_range(source: FileSource | TextSource, group: FileGroup | None = None) -> bool:
    """Whether an input may be read by range; `group` are the options that it has in a command."""
    if not isinstance(source, FileSource) or source.scheme is None or source.sha256 is not None:
        return False
    demuxer = None if group is None else group.value_of("f")
    return is_read_by_range(source.url) and (demuxer is None or set(demuxer.split(",")) <= _DEMUXERS)


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """The files that a command reads, by the way in which it reads them.

    Attributes:
        files: those that it reads by range: with `-i`, in the filter `movie`, or as entries of `lists`.
        lists: lists for the concat demuxer that it reads, and of whose entries some are read by range.
        others: files that it uses in another way.
    """

    files: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


def find_read_files(
    arguments: Sequence[str],
    texts: Iterable[str],
    names: Iterable[str],
    lists: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> ReadFiles:
    """Find which of the files `names` a command reads, and in which way.

    `texts` are contents of files that the command reads. `lists` are its lists for the concat demuxer, each with
    those of the `names` that are its entries.
    """
    names = tuple(names)
    reads = _Reads(frozenset(names))
    read_lists: set[str] = set()
    others = list(texts)
    for one in read_arguments(arguments):
        name = one.text.removeprefix("file:")
        if one.is_graph:
            others.append(exchange_movies(one.text, reads.add_movie))
        elif one.is_input and name in lists and one.demuxer in {None, "concat"} and one.safe == "0":
            read_lists.add(name)
            reads.add_entries(lists[name])
        elif not (one.is_input and reads.add(name)):
            others.append(one.text)
    mentioned = set(_find_names((*names, *lists), others))
    entries = {entry for name in mentioned & lists.keys() for entry in lists[name]}
    listed = {entry for name in read_lists for entry in lists[name]}
    rest = (mentioned & reads.names) | entries | (listed - reads.found.keys())
    return ReadFiles(tuple(reads.found), frozenset(read_lists - mentioned), frozenset(rest))


@dataclass(slots=True)
class _Reads:
    """The files of a command that are read by range, as many as it may have open."""

    names: frozenset[str]
    found: dict[str, None] = field(default_factory=dict)
    count: int = 0

    def add(self, name: str) -> bool:
        """Add a file that is open while the command runs; returns whether it can be read by range."""
        if name not in self.names or self.count == MAX_FILES:
            return False
        self.count += 1
        self.found[name] = None
        return True

    def add_movie(self, name: str) -> Mapping[str, str] | None:
        """Add the file of a filter; returns no options where it cannot be read by range."""
        return {} if self.add(name.removeprefix("file:")) else None

    def add_entries(self, entries: Iterable[str]) -> None:
        """Add as many entries of a list as possible."""
        for entry in entries:
            if entry not in self.found:
                self.add(entry)


def _find_names(names: Iterable[str], texts: Sequence[str]) -> Iterator[str]:
    for name in names:
        pattern = re.compile(re.escape(name) + r"(?![\w.-])")
        if any(pattern.search(text) for text in texts):
            yield name
