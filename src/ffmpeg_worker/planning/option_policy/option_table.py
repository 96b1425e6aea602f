"""The names of the shipped ffmpeg's options, filters and formats, and which options hold text: `options.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE_FILE = Path(__file__).with_name("options.tsv")
SECTIONS = (
    "options that hold no text",
    "options that hold text",
    "filters",
    "demuxers",
    "muxers",
    "protocols",
    "bitstream filters",
)


@dataclass(frozen=True, slots=True)
class OptionTable:
    """Names only: what may be done with them is judged elsewhere.

    `scalars` hold a number, flag, colour, size, time or the like, which cannot name a file, for everything that
    knows the option; `texts` hold a string, bytes or a dictionary for at least one. Those of bitstream filters
    are written `bsf:name`. `filters` gives each filter's options in order, those that hold text with a `$`.
    """

    scalars: frozenset[str]
    texts: frozenset[str]
    filters: dict[str, str]
    demuxers: frozenset[str]
    muxers: frozenset[str]
    protocols: frozenset[str]
    bitstream_filters: frozenset[str]

    def options_of(self, name: str) -> list[str]:
        """The options of a filter in the order in which values without a name are given, with their `$`."""
        return self.filters[name].split()


@cache
def option_table() -> OptionTable:
    """The table of the shipped ffmpeg, read once."""
    return parse_option_table(TABLE_FILE.read_text(encoding="ascii"))


def parse_option_table(text: str) -> OptionTable:
    """Read the table from its text."""
    parts: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            lines = parts.setdefault(line[1:-1], [])
        else:
            lines.append(line)
    scalars, texts, filters, *others = (parts[name] for name in SECTIONS)
    demuxers, muxers, protocols, bitstream_filters = (_words(lines) for lines in others)
    return OptionTable(
        scalars=_words(scalars),
        texts=frozenset(line.partition("\t")[0] for line in texts),
        filters={name: options for name, _, options in (line.partition("\t") for line in filters)},
        demuxers=demuxers,
        muxers=muxers,
        protocols=protocols,
        bitstream_filters=bitstream_filters,
    )


def _words(lines: list[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())
