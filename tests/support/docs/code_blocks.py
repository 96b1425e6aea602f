"""Code in the documentation, for tests that run it."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>[^\n]*) -->\n)?^(?P<indent> *)```(?P<language>[\w-]+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class CodeBlock:
    """A block of code, also one in a tab; `note` is the comment in the line before it."""

    place: str
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return self.place


def find_code(page: Path, language: str, word: str) -> str:
    """Return the only code block of a page that is in this language and contains this word."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    [found] = [block for block in blocks if word in block]
    return found


def find_blocks(page: Path) -> list[CodeBlock]:
    """Return all blocks of code of a page."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(_ROOT)
    return [
        CodeBlock(
            f"{name}:{text.count(chr(10), 0, found.start('indent')) + 1}",
            found["language"],
            found["note"] or "",
            textwrap.dedent(found["text"]),
        )
        for found in _BLOCK.finditer(text)
    ]
