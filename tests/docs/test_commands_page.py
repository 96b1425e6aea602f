"""docs/commands.md lists every option, filter and format that a rule refuses."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ffmpeg_worker.planning.option_policy import filters, formats, media_options, program_options
from ffmpeg_worker.planning.option_policy.rule import Rule, ValueKind

PAGE = Path(__file__).parents[2] / "docs/commands.md"
HEADING = "## Refused by name\n"
PARTS: dict[str, tuple[Rule, ...]] = {
    "Options": (*program_options.PROGRAM_OPTIONS, *media_options.MEDIA_OPTIONS),
    "Formats of inputs (`-f`)": formats.DEMUXERS,
    "Formats of outputs (`-f`)": formats.MUXERS,
    "Filters": filters.FILTERS,
    "Options of filters": filters.FILTER_OPTIONS,
    "Protocols": formats.PROTOCOLS,
}


def listed(rules: Iterable[Rule], dash: str) -> str:
    refused = [one for one in rules if one.kind is ValueKind.REFUSED]
    rows = [
        f"| {' '.join(f'`{dash}{name}`' for name in one.names)} | {one.reason} | {one.instead} |"
        for one in refused
    ]
    return "\n".join(["| names | why | instead |", "|---|---|---|", *rows])


def test_golden_list_of_refusals() -> None:
    parts = [f"### {title}\n\n{listed(part, '-' * (title == 'Options'))}\n" for title, part in PARTS.items()]
    expected = f"{HEADING}\n" + "\n".join(parts)
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_GOLDEN"):
        page = page.partition(HEADING)[0] + expected
        PAGE.write_text(page, encoding="utf-8")
    assert page.endswith(expected)
