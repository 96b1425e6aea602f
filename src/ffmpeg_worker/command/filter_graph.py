"""A filter graph's text read as libavfilter reads it: chains of filters, each with its options unescaped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_BLANKS = " \n\t\r"
_FLAGS_PREFIX = "sws_flags="


class UnreadableGraphError(ValueError):
    """The text is no graph; the message says in a few words why."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a graph: `overlay@logo` is the filter `overlay`; options without a name have `None`."""

    name: str
    options: tuple[tuple[str | None, str], ...]


@dataclass(slots=True)
class Text:
    """A text and how far it has been read."""

    text: str
    place: int = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.place : self.place + 1]

    def skip(self, characters: str) -> None:
        """Go past every character of a set."""
        while self.next and self.next in characters:
            self.place += 1

    def token(self, ends: str) -> str:
        """The text up to one of `ends`, without one level of quotation marks and backslashes.

        Blanks around it are dropped where nothing protects them, as av_get_token() does.
        """
        self.skip(_BLANKS)
        made: list[str] = []
        kept = 0
        while self.next and self.next not in ends:
            character = self.next
            self.place += 1
            if character == "\\" and self.next:
                made.append(self.next)
                self.place += 1
                kept = len(made)
            elif character == "'":
                end = self.text.find("'", self.place)
                made += self.text[self.place : end if end >= 0 else None]
                self.place = end + 1 if end >= 0 else len(self.text)
                kept = len(made) if end >= 0 else kept
            else:
                made.append(character)
        while len(made) > kept and made[-1] in _BLANKS:
            made.pop()
        return "".join(made)


def read_filter_graph(text: str) -> Iterator[Filter]:
    """The filters of a graph, in order.

    Raises:
        UnreadableGraphError: where libavfilter would refuse it, too.
    """
    source = Text(text)
    source.skip(_BLANKS)
    if text.startswith(_FLAGS_PREFIX, source.place):
        source.token(";")
        source.place += 1
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
            raise UnreadableGraphError(f'after the filter "{name[:64]}" stands something else than "," or ";"')
        source.place += 1


def _skip_labels(source: Text) -> None:
    source.skip(_BLANKS)
    while source.next == "[":
        source.place += 1
        label = source.token("]")
        if not label or not source.next:
            raise UnreadableGraphError("a link label is empty or not closed")
        source.place += 1
        source.skip(_BLANKS)


def _read_options(source: Text) -> Iterator[tuple[str | None, str]]:
    if source.next != "=":
        return iter(())
    source.place += 1
    return read_option_pairs(source.token("[],;"))


def read_option_pairs(text: str) -> Iterator[tuple[str | None, str]]:
    """`key=value` pairs between colons, values without a further level of escapes; see av_opt_get_key_value()."""
    source = Text(text)
    while source.next:
        key = _read_key(source)
        yield key, source.token(":")
        source.place += 1


def _read_key(source: Text) -> str | None:
    start = source.place
    source.skip(_BLANKS)
    first = source.place
    while source.next and source.next.isascii() and (source.next.isalnum() or source.next in "-_/."):
        source.place += 1
    key = source.text[first : source.place]
    source.skip(_BLANKS)
    if source.next == "=":
        source.place += 1
        return key
    source.place = start
    return None
