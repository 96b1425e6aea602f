"""Variables, conditions and rows."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.composition.condition import evaluate_condition
from ffmpeg_worker.composition.read_compositions import SharedFields, read_compositions
from ffmpeg_worker.composition.variables import fill_variables
from ffmpeg_worker.errors import InvalidJob

GIVEN: dict[str, Any] = {
    "name": "Ada",
    "price": 12,
    "rate": 1.5,
    "whole": 3.0,
    "yes": True,
    "none": None,
    "zero": 0,
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{name}}", "Ada"),
        ("{{ price }}", 12),
        ("{{rate}}", 1.5),
        ("{{yes}}", True),
        ("{{none}}", None),
        ("{{price}} €, {{whole}}, {{yes}}{{none}}!", "12 €, 3, true!"),
        ("{{other|Bob}}", "Bob"),
        ("{{other|}}", ""),
        ("{{other|48}}", 48),
        ("Hi {{other|my friend}}", "Hi my friend"),
        ("{{name|Bob}}", "Ada"),
        ("{name} {{{name}}}", "{name} {Ada}"),
    ],
)
def test_a_text_is_filled_and_a_lone_variable_keeps_its_type(text: str, filled: Any) -> None:
    assert fill_variables([text], GIVEN) == [filled]


@pytest.mark.parametrize(
    ("text", "word"),
    [("{{nmae}}", '"name"'), ("a {{other}}", "default"), ("{{a b}}", "Write {{name}}"), ("{{", "Write {{name}}")],
)
def test_what_is_not_given_is_named(text: str, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        fill_variables({"layers": [{"text": text}]}, GIVEN)
    assert caught.value.where == {"field": "layers[0].text"}
    assert word in f"{caught.value.hint}"


@pytest.mark.parametrize("value", ["{{in_1}}", "<<in_1>>", "in_1"])
def test_a_src_may_name_an_input(value: str) -> None:
    for key in ("src", "url", "source", "path"):
        assert fill_variables({"type": "image", key: value}, GIVEN) == {"type": "image", key: value}
    assert fill_variables({"src": "{{in_1}}"}, {"in_1": "a.mp4"}) == {"src": "a.mp4"}
    with pytest.raises(InvalidJob):
        fill_variables({"src": "https://x/{{in_1}}.mp4"}, GIVEN)


def test_an_input_that_is_none_is_refused_where_inputs_are_known() -> None:
    composition = {"layers": [{"type": "image", "url": "{{in_2}}"}]}
    read_compositions(composition)
    read_compositions(composition, shared=SharedFields(inputs={"in_1", "in_2"}))
    with pytest.raises(InvalidJob) as caught:
        read_compositions(composition, shared=SharedFields(inputs={"in_1"}))
    assert (caught.value.code, caught.value.where) == ("unknown_variable", {"field": "layers[0].url"})


@pytest.mark.parametrize(
    ("condition", "is_there"),
    [
        (True, True),
        (False, False),
        ("{{name}}", True),
        ("!{{name}}", False),
        ("{{zero}}", False),
        ("{{none}}", False),
        ("{{other}}", False),
        ("! {{other}}", True),
        ("{{other|1}}", True),
        ("{{name}} == 'Ada'", True),
        ('{{name}}!="Ada"', False),
        ("{{price}} == 12", True),
        ("{{price}} == '12'", True),
        ("{{other}} == null", True),
        ("{{yes}} == true", True),
        ("{{name}} == {{other|Ada}}", True),
        ("'a' == 'b'", False),
    ],
)
def test_conditions(condition: Any, is_there: bool) -> None:
    assert evaluate_condition(condition, GIVEN, "") is is_there


@pytest.mark.parametrize(
    "condition", ["", "name", "{{a}} > 1", "!{{a}} == 1", "{{a}} == 1 == 1", "'it''s'", [], {}]
)
def test_other_texts_are_no_conditions(condition: Any) -> None:
    with pytest.raises(InvalidJob, match="not a condition"):
        evaluate_condition(condition, GIVEN, "layers[0].condition")


def test_a_hidden_layer_needs_no_variables_and_keeps_its_place() -> None:
    [composition] = read_compositions(
        {
            "layers": [
                {"type": "image", "id": "badge", "src": "{{badge}}.png", "x": "{{x}}", "condition": "{{badge}}"},
                {"type": "text", "text": "x", "start": "after:badge", "condition": "!{{badge}}"},
            ]
        }
    )
    assert [(layer.type, layer.id) for layer in composition.layers] == [("hidden", "badge"), ("text", None)]


TEMPLATE = {"layers": [{"type": "text", "text": "{{name}}", "x": "{{x|0}}", "style": {"color": "{{color|red}}"}}]}


def test_rows_make_a_composition_each() -> None:
    rows = [{"name": "Ada", "x": 5}, {"name": 7, "color": "#fff"}]
    first, second = read_compositions(TEMPLATE | {"variables": rows})
    assert (first.layers[0].text, first.layers[0].x, first.layers[0].style.color) == ("Ada", 5.0, "red")  # type: ignore[union-attr]
    assert (second.layers[0].text, second.layers[0].x, second.layers[0].style.color) == ("7", 0.0, "#fff")  # type: ignore[union-attr]
    assert [first.variables, second.variables] == rows


def test_an_error_names_its_row() -> None:
    with pytest.raises(InvalidJob) as caught:
        read_compositions(TEMPLATE | {"variables": [{"name": "Ada"}, {"name": "Bob", "x": "5px"}, {}]})
    assert caught.value.where == {"field": "layers[0].x", "row": 1}


def test_variables_beside_a_composition_come_before_its_own() -> None:
    template = TEMPLATE | {"variables": {"name": "Ada", "x": 1}}
    [one] = read_compositions(template, shared=SharedFields(variables={"x": 2}))
    assert one.variables == {"name": "Ada", "x": 2}
    rows = read_compositions(template, shared=SharedFields(variables=[{"name": "Bob"}, {"x": 3}]))
    assert [row.variables for row in rows] == [{"name": "Bob", "x": 1}, {"name": "Ada", "x": 3}]
    with pytest.raises(InvalidJob) as caught:
        read_compositions(template, shared=SharedFields(variables={"x": []}, path="data"))
    assert caught.value.where == {"field": "data.variables.x"}
