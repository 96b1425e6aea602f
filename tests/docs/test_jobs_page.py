"""docs/jobs.md lists every action and every field of a job."""

from __future__ import annotations

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.job import CommonFields
from support.docs.field_tables import field_table, golden_blocks
from support.docs.json_examples import ROOT

PAGE = ROOT / "docs/jobs.md"
ELSEWHERE = {"canvas", "canvas_preview"}
"""Actions whose fields docs/canvas.md lists."""


def test_golden_tables_of_the_page() -> None:
    actions = [
        f"| [`{action.name}`](#{action.name}) | `{action.path}` | {action.summary} |"
        for action in ACTIONS.values()
    ]
    fields = {name: field_table(action.data) for name, action in ACTIONS.items() if name not in ELSEWHERE}
    page, expected = golden_blocks(
        PAGE,
        {
            "actions": "\n".join(["| action | path | what it does |", "|---|---|---|", *actions]),
            "common fields": field_table(CommonFields),
            **{f"fields of {name}": table for name, table in fields.items()},
        },
    )
    assert page == expected


def test_every_action_has_a_heading() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [action for action in ACTIONS if f"## `{action}`" not in lines] == []
