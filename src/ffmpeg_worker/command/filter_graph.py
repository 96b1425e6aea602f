"""Read the text of a filter graph as libavfilter does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

GRAPH_OPTIONS = frozenset("vf af filter filter_complex lavfi".split())
"""Names of options whose value is a graph."""

_BLANKS = " \n\t\r"
_SOME_BLANKS = re.compile(rf"[{_BLANKS}]*+")
_KEY = re.compile(rf"[{_BLANKS}]*+([A-Za-z0-9_/.-]*+)[{_BLANKS}]*+=")
_SPECIAL_IN_VALUES = re.compile(r"[\\':\s]")
_SPECIAL_IN_GRAPHS = re.compile(r"[\\'\[\],;\s]")
_FLAGS_PREFIX = "sws_flags="


class UnreadableGraphError(ValueError):
    """The text is not a filter graph; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a graph.

    Attributes:
        name: without the label after `@`.
        options: names and unescaped values; the name is `None` where the graph gives only a value.
        label: what follows the `@`.
        span: where the text of the options begins and ends in the graph.
    """

    name: str
    options: tuple[tuple[str | None, str], ...]
    label: str = ""
    span: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(slots=True)
class Scanner:
    """A text with a reading position."""

    text: str
    position: int = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.position : self.position + 1]

    def skip_blanks(self) -> None:
        """Advance past blanks and line ends."""
        blanks = _SOME_BLANKS.match(self.text, self.position)
        self.position = blanks.end() if blanks else self.position

    def token(self, ends: str) -> str:
        """Read up to one of the characters in `ends`, as av_get_token() does.

        Removes one level of quotation marks and backslashes, and unquoted blanks at both ends.
        """
        self.skip_blanks()
        plain = _plain_text(ends)
        pieces: list[str] = []
        kept = 0
        while self.next and self.next not in ends:
            if found := plain.match(self.text, self.position):
                pieces.append(found[0])
                self.position = found.end()
            elif self.next == "'":
                end = self.text.find("'", self.position + 1)
                pieces.append(self.text[self.position + 1 : end if end >= 0 else None])
                self.position = end + 1 if end >= 0 else len(self.text)
                kept = len(pieces) if end >= 0 else kept
            else:
                escaped = self.text[self.position + 1 : self.position + 2]
                pieces.append(escaped or "\\")
                self.position += 2 if escaped else 1
                kept = len(pieces) if escaped else kept
        return "".join(pieces[:kept]) + "".join(pieces[kept:]).rstrip(_BLANKS)


@cache
def _plain_text(ends: str) -> re.Pattern[str]:
    """Text up to an end, a quotation mark or a backslash."""
    return re.compile(rf"[^'\\{re.escape(ends)}]++")


def split_escaped(text: str, separators: str) -> Iterator[str]:
    """The parts of `text` between unquoted separators, without quotation marks and backslashes."""
    source = Scanner(text)
    yield source.token(separators)
    while source.next:
        source.position += 1
        yield source.token(separators)


def read_filter_graph(text: str) -> Iterator[Filter]:
    """The filters of a graph, in order.

    Raises:
        UnreadableGraphError: libavfilter would refuse the text too.
    """
    source = Scanner(text)
    source.skip_blanks()
    if text.startswith(_FLAGS_PREFIX, source.position):
        source.token(";")
        source.position += 1
    while True:
        source.skip_blanks()
        if not source.next:
            return
        _skip_labels(source)
        name, _, label = source.token("=,;[").partition("@")
        if not name:
            raise UnreadableGraphError("a filter has no name")
        begin = source.position + (source.next == "=")
        options = tuple(_read_options(source))
        yield Filter(name, options, label, (begin, source.position))
        _skip_labels(source)
        if source.next and source.next not in ",;":
            raise UnreadableGraphError(f'expected "," or ";" after the filter "{name[:64]}"')
        source.position += 1


def _skip_labels(source: Scanner) -> None:
    source.skip_blanks()
    while source.next == "[":
        source.position += 1
        label = source.token("]")
        if not label or not source.next:
            raise UnreadableGraphError("a link label is empty or not closed")
        source.position += 1
        source.skip_blanks()


def _read_options(source: Scanner) -> Iterator[tuple[str | None, str]]:
    if source.next != "=":
        return iter(())
    source.position += 1
    return read_option_pairs(source.token("[],;"))


def read_option_pairs(text: str) -> Iterator[tuple[str | None, str]]:
    """The `key=value` pairs between colons, as av_opt_get_key_value() reads them; unescapes values once more."""
    source = Scanner(text)
    while source.next:
        key = _read_key(source)
        yield key, source.token(":")
        source.position += 1


def write_option_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Options of a filter as a graph has them: what `read_filter_graph` reads from it are the pairs."""
    joined = ":".join(f"{key}={_SPECIAL_IN_VALUES.sub(_escape, value)}" for key, value in pairs)
    return _SPECIAL_IN_GRAPHS.sub(_escape, joined)


def _escape(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _read_key(source: Scanner) -> str | None:
    found = _KEY.match(source.text, source.position)
    if found is None:
        return None
    source.position = found.end()
    return found[1]
