"""Read the text of a filter graph as libavfilter does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_BLANKS = " \n\t\r"
_FLAGS_PREFIX = "sws_flags="


class UnreadableGraphError(ValueError):
    """The text is not a filter graph; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a graph.

    Attributes:
        name: without the label after `@`.
        options: names and unescaped values; the name is `None` where the graph gives only a value.
    """

    name: str
    options: tuple[tuple[str | None, str], ...]


@dataclass(slots=True)
class Scanner:
    """A text with a reading position."""

    text: str
    position: int = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.position : self.position + 1]

    def skip(self, characters: str) -> None:
        """Advance past all characters of a set."""
        while self.next and self.next in characters:
            self.position += 1

    def token(self, ends: str) -> str:
        """Read up to one of the characters in `ends`, as av_get_token() does.

        Removes one level of quotation marks and backslashes, and unquoted blanks at both ends.
        """
        self.skip(_BLANKS)
        made: list[str] = []
        kept = 0
        while self.next and self.next not in ends:
            character = self.next
            self.position += 1
            if character == "\\" and self.next:
                made.append(self.next)
                self.position += 1
                kept = len(made)
            elif character == "'":
                end = self.text.find("'", self.position)
                made += self.text[self.position : end if end >= 0 else None]
                self.position = end + 1 if end >= 0 else len(self.text)
                kept = len(made) if end >= 0 else kept
            else:
                made.append(character)
        while len(made) > kept and made[-1] in _BLANKS:
            made.pop()
        return "".join(made)


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
    source.skip(_BLANKS)
    if text.startswith(_FLAGS_PREFIX, source.position):
        source.token(";")
        source.position += 1
    while True:
        source.skip(_BLANKS)
        if not source.next:
            return
        _skip_labels(source)
        name = source.token("=,;[").partition("@")[0]
        if not name:
            raise UnreadableGraphError("a filter has no name")
        yield Filter(name, tuple(_read_options(source)))
        _skip_labels(source)
        if source.next and source.next not in ",;":
            raise UnreadableGraphError(f'expected "," or ";" after the filter "{name[:64]}"')
        source.position += 1


def _skip_labels(source: Scanner) -> None:
    source.skip(_BLANKS)
    while source.next == "[":
        source.position += 1
        label = source.token("]")
        if not label or not source.next:
            raise UnreadableGraphError("a link label is empty or not closed")
        source.position += 1
        source.skip(_BLANKS)


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


def _read_key(source: Scanner) -> str | None:
    start = source.position
    source.skip(_BLANKS)
    first = source.position
    while source.next and source.next.isascii() and (source.next.isalnum() or source.next in "-_/."):
        source.position += 1
    key = source.text[first : source.position]
    source.skip(_BLANKS)
    if source.next == "=":
        source.position += 1
        return key
    source.position = start
    return None
