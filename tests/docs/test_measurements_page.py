"""docs/measurements.md has a valid example of every shape, under a heading of its own."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from ffmpeg_worker.budgets import KEPT_LOG_BYTES, KEPT_MEASURED_VALUES
from ffmpeg_worker.measurements.table import AnyMeasurement
from support.docs.json_examples import ROOT, examples_of

EXAMPLES = [one.value for one in examples_of("docs/measurements.md") if "filter" in one.value]
SHAPES = [model.model_fields["filter"].default for model in get_args(get_args(AnyMeasurement)[0])]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["filter"])
def test_examples_are_valid_and_have_no_other_keys(example: dict[str, Any]) -> None:
    found: Any = TypeAdapter(AnyMeasurement).validate_python(example)
    assert found.model_dump(mode="json", exclude_unset=True) == example


def test_every_shape_has_an_example_under_its_heading() -> None:
    assert sorted(example["filter"] for example in EXAMPLES) == sorted(SHAPES)
    page = (ROOT / "docs/measurements.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### `(\w+)`$", page, re.MULTILINE)
    assert sorted(headings) == sorted(SHAPES)


def test_the_limits_are_those_of_the_code() -> None:
    page = (ROOT / "docs/measurements.md").read_text(encoding="utf-8")
    assert f"{KEPT_LOG_BYTES >> 20} MiB of logs and {KEPT_MEASURED_VALUES:,} values" in page
