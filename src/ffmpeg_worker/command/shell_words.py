"""Split a command line into words as a POSIX shell does, in time linear in its length."""

from __future__ import annotations

import re

# Each alternative ends where the next piece can begin, and none gives characters back: no text is read twice.
_PIECE = re.compile(
    r"(?P<blanks>[ \t\r\n]++)"
    r"|(?P<plain>[^ \t\r\n'\"\\]++)"
    r"|'(?P<single>[^']*+)'"
    r"|\"(?P<double>(?:[^\"\\]++|\\.)*)\""
    r"|\\(?P<escaped>.)",
    re.DOTALL,
)
_ESCAPED_IN_DOUBLE_QUOTES = re.compile(r"\\([\"\\])")


def split_words(text: str) -> list[str]:
    """The words of `text` without quotation marks and backslashes, as `shlex.split` returns them.

    `shlex.split` itself copies a word for each of its characters.

    Raises:
        ValueError: a quotation mark is not closed, or a backslash is the last character.
    """
    words: list[str] = []
    pieces: list[str] = []
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise ValueError("an unclosed quotation mark or a backslash at the end")
        if piece.lastgroup != "blanks":
            pieces.append(_unquote(piece))
        elif pieces:
            words.append("".join(pieces))
            pieces = []
        position = piece.end()
    return [*words, "".join(pieces)] if pieces else words


def _unquote(piece: re.Match[str]) -> str:
    text = str(piece[piece.lastgroup or 0])
    return _ESCAPED_IN_DOUBLE_QUOTES.sub(r"\1", text) if piece.lastgroup == "double" else text
