"""Names of all options, filters and formats of the embedded FFmpeg, read from `options.tsv`."""

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
    """Names that the embedded FFmpeg knows, in the order of `SECTIONS`; the rules say which of them are accepted.

    Attributes:
        scalars: options that hold a number, flag, color, size or time wherever they exist, so never a file name.
        texts: options that hold a string, bytes or a dictionary somewhere; those of bitstream filters as
            `bsf:name`.
        filters: the options of each filter in their order; those that hold text end in `$`.
        demuxers, muxers, protocols, bitstream_filters: names.
    """

    scalars: frozenset[str]
    texts: frozenset[str]
    filters: dict[str, str]
    demuxers: frozenset[str]
    muxers: frozenset[str]
    protocols: frozenset[str]
    bitstream_filters: frozenset[str]

    def options_of(self, name: str) -> list[str]:
        """The options of a filter, with their `$`, in the order in which values without a name are assigned."""
        return self.filters[name].split()


@cache
def option_table() -> OptionTable:
    """The table of the embedded FFmpeg, read once."""
    return parse_option_table(TABLE_FILE.read_text(encoding="ascii"))


def parse_option_table(text: str) -> OptionTable:
    """Parse the text of `options.tsv`."""
    parts: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            lines = parts.setdefault(line[1:-1], [])
        else:
            lines.append(line)
    scalars, texts, filters, *others = (parts[name] for name in SECTIONS)
    return OptionTable(
        _words(scalars),
        frozenset(line.partition("\t")[0] for line in texts),
        {name: options for name, _, options in (line.partition("\t") for line in filters)},
        *(_words(lines) for lines in others),
    )


def _words(lines: list[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())
