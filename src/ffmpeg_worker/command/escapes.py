"""Split text that uses FFmpeg's quoting."""

from __future__ import annotations

from collections.abc import Iterator


def split_escaped(text: str, separators: str) -> Iterator[str]:
    """The parts of `text` between unquoted separators, without quotation marks and backslashes."""
    part, is_quoted = "", False
    characters = iter(text)
    for character in characters:
        if is_quoted or character == "'":
            is_quoted = is_quoted != (character == "'")
            part += character if character != "'" else ""
        elif character == "\\":
            part += next(characters, "")
        elif character in separators:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()
