"""SVG path data, made larger or smaller."""

from __future__ import annotations

import re

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?"
_TOKEN = re.compile(rf"(?P<letter>[MmLlHhVvCcSsQqTtAaZz])|(?P<number>{_NUMBER})|[\s,]+")
_FLAG = re.compile(r"(?P<letter>[MmLlHhVvCcSsQqTtAaZz])|(?P<number>[01])|[\s,]+")


def scale_path(data: str, factor: float) -> str:
    """Path data with every length multiplied.

    Raises:
        ValueError: it is no path data.
    """
    parts: list[str] = []
    letter, count, at = "", 0, 0
    while at < len(data):
        # Of an arc's seven numbers the third is an angle, the next two are flags, which need no space behind them.
        turn = count % 7 if letter in {"A", "a"} else 0
        match = (_FLAG if turn in {3, 4} else _TOKEN).match(data, at)
        if match is None or (not parts and match["number"]):
            raise ValueError("no path data")
        at = match.end()
        if match["letter"]:
            letter, count = match["letter"], 0
            parts.append(letter)
        elif match["number"]:
            kept = turn in {2, 3, 4}
            parts.append(match["number"] if kept else f"{float(match['number']) * factor:.6g}")
            count += 1
    return " ".join(parts)
