"""docs/presets.md is generated from the presets, and its own preset is one that the worker accepts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.planning.presets.describe_preset import make_example, parameters_schema
from ffmpeg_worker.planning.presets.operator_preset_file import read_operator_preset
from ffmpeg_worker.planning.presets.preset import Preset
from ffmpeg_worker.planning.presets.table import PRESETS
from ffmpeg_worker.planning.read_job import read_job
from support.docs.field_tables import golden_blocks
from support.docs.json_examples import ROOT
from support.docs.preset_pages import presets_list, presets_sections

PAGE = ROOT / "docs/presets.md"


def test_golden_parts_of_the_page() -> None:
    page, expected = golden_blocks(PAGE, {"list of presets": presets_list(), "presets": presets_sections()})
    assert page == expected


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_the_example_is_a_job(preset: Preset) -> None:
    read = read_job(parse_job(make_example(preset)), Machine(cores=2))
    assert read.presets[0].name == preset.name
    assert len(read.required_inputs) == sum(slot.at_least for slot in preset.slots)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_parameter_is_described(preset: Preset) -> None:
    rules: dict[str, Any] = parameters_schema(preset)["properties"]
    for name, rule in rules.items():
        assert rule["description"].endswith("."), name
        assert rule["examples"], name
        assert name not in ProcessData.model_fields
        assert name not in COMMON_FIELDS
    assert preset.summary.endswith(".")


def own_preset() -> dict[str, Any]:
    found = re.search(r"<!-- an operator's preset -->\n```jsonc\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


def test_the_page_shows_a_preset_that_is_accepted() -> None:
    preset = read_operator_preset(own_preset(), "preview.json", option_policy=True)
    assert preset.name == "preview"
    assert preset.outputs == ("preview.mp4",)


def test_the_page_names_every_field_of_a_file() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text().rpartition("## Your own presets")[2], re.MULTILINE)
    with pytest.raises(Misconfigured):
        read_operator_preset({**own_preset(), "more": 1}, "preview.json", option_policy=True)
    extra: dict[str, Any] = {"name": "p", "required": [], "inputs": 1, "example": {"height": 100}}
    assert set(rows) == {*own_preset(), *extra}
    read_operator_preset({**own_preset(), **extra}, "preview.json", option_policy=True)
