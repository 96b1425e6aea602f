"""Tables of generated pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

_CODE_OR_PIPE = re.compile(r"`[^`]*`|\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; empty without rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *lines])


def cell(text: str) -> str:
    """Text for a cell: on one line, without column separators; those in code separate nothing."""
    return _CODE_OR_PIPE.sub(lambda found: "&#124;" if found[0] == "|" else found[0], " ".join(text.split()))


def code(value: object) -> str:
    """A value as JSON code; a text without quotation marks."""
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"
