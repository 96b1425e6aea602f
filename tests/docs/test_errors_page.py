"""The tables of docs/errors.md are generated from codes.py and from the hints of the diagnosis."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ffmpeg_worker.api.problems import STATUS_MEANINGS, status_of
from ffmpeg_worker.codes import CODE_GROUPS, CODES, ErrorCode
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.ffmpeg.diagnosis.failures import FAILURES
from support.docs.json_examples import ROOT

PAGE = ROOT / "docs/errors.md"
HEADING = "## Codes\n"
HINTS = {failure.code: failure.hint for failure in FAILURES}


def generate_tables() -> Iterator[str]:
    for title, codes in CODE_GROUPS.items():
        has_hints = any(code.name in HINTS for code in codes)
        columns = ("code", "meaning", "fault", "retry", "HTTP", *(["what to do"] if has_hints else []))
        yield f"\n### {title}\n\n"
        yield f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
        for code in codes:
            yield f"| {' | '.join(row(code, has_hints=has_hints))} |\n"


def row(code: ErrorCode, *, has_hints: bool) -> list[str]:
    faults = ", ".join(code.faults)
    statuses = dict.fromkeys(
        str(status_of(EngineFailed("…", code=code.name, fault=fault))) for fault in code.faults
    )
    cells = [f"`{code.name}`", code.meaning, faults, "yes" if code.retryable else "no", ", ".join(statuses)]
    return [*cells, HINTS.get(code.name, "").replace("|", "\\|")] if has_hints else cells


def test_golden_tables_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    introduction, heading, _ = text.partition(HEADING)
    assert heading
    page = introduction + heading + "".join(generate_tables())
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(page, encoding="utf-8")
        return
    assert text == page, "./run rewrite generates the tables"


def test_every_status_of_a_code_is_explained() -> None:
    for code in CODES.values():
        for fault in code.faults:
            assert status_of(EngineFailed("…", code=code.name, fault=fault)) in STATUS_MEANINGS
