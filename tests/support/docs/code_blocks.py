"""Code in the documentation, for tests that run it."""

from __future__ import annotations

import re
from pathlib import Path


def find_code(page: Path, language: str, word: str) -> str:
    """Return the only code block of a page that is in this language and contains this word."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    [found] = [block for block in blocks if word in block]
    return found
