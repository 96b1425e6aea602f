"""docs/settings.md is generated from the settings."""

from __future__ import annotations

from ffmpeg_worker.cli.settings import settings_page
from ffmpeg_worker.settings import Settings, environment_variable_of
from support.docs.json_examples import ROOT


def test_the_page_is_generated() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "./run rewrite generates it"


def test_every_setting_has_a_row_with_a_meaning() -> None:
    rows = [line.split(" | ") for line in settings_page().splitlines() if line.startswith("| `")]
    assert [row[0] for row in rows] == [f"| `{environment_variable_of(name)}`" for name in Settings.model_fields]
    assert all(row[3].rstrip("| ").endswith(".") for row in rows)


def test_the_page_does_not_depend_on_the_machine() -> None:
    assert "/tmp" not in settings_page()
