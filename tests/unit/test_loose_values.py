"""Blank optional fields are read as not given, and text as the number or switch that it is."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.loose_values import is_blank, read_loose_values, read_number
from ffmpeg_worker.reading_notes import Reading, ReadingNotes


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("30", 30),
        ("0", 0),
        ("-7", -7),
        ("1.5", 1.5),
        ("1.50", 1.5),
        (" 30 ", 30),
        ("30\n", 30),
        ("1e3", 1000.0),
        ("2.5E-1", 0.25),
        ("30px", None),
        ("0x1e", None),
        ("1e400", None),
        ("-1e400", None),
        ("030", None),
        ("+5", None),
        (".5", None),
        ("5.", None),
        ("1,5", None),
        ("1_000", None),
        ("1 000", None),
        ("½", None),
        ("٣٠", None),
        ("inf", None),
        ("NaN", None),
        ("true", None),
        ("", None),
        (" ", None),
        ("9" * 30, None),
        ("{{n}}", None),
        (30, None),
        (None, None),
    ],
)
def test_a_number_in_text_is_read_where_it_is_exact(text: Any, number: float | None) -> None:
    read = read_number(text)
    assert (read, type(read)) == (number, type(number))


@pytest.mark.parametrize("value", [None, "", " ", "\t\n", "\u00a0"])
def test_blank(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, [], {}, "x", "null", 0.0])
def test_not_blank(value: Any) -> None:
    assert not is_blank(value)


class Part(FrozenModel):
    size: int
    name: str = "part"


class Whole(FrozenModel):
    count: int = 1
    share: float | None = None
    is_open: bool = False
    label: str = ""
    title: str = "x"
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    sizes: tuple[int, ...] = ()
    text: str


@pytest.mark.parametrize(
    ("value", "read", "found"),
    [
        ({"count": "3", "share": "0.5"}, {"count": 3, "share": 0.5}, [("count", "NUMBER"), ("share", "NUMBER")]),
        ({"count": "3.0"}, {"count": 3}, [("count", "NUMBER")]),
        ({"count": "3.5"}, {"count": 3.5}, [("count", "NUMBER")]),
        ({"count": 3.0}, {"count": 3}, []),
        ({"share": 3.0}, {"share": 3.0}, []),
        ({"is_open": "true"}, {"is_open": True}, [("is_open", "SWITCH")]),
        ({"is_open": " False"}, {"is_open": False}, [("is_open", "SWITCH")]),
        ({"is_open": "1"}, {"is_open": "1"}, []),
        ({"is_open": "yes"}, {"is_open": "yes"}, []),
        ({"count": "true"}, {"count": "true"}, []),
        ({"count": None, "share": ""}, {}, [("count", "NOT_GIVEN"), ("share", "NOT_GIVEN")]),
        ({"label": ""}, {}, []),  # this is its default
        ({"label": None}, {}, [("label", "NOT_GIVEN")]),
        ({"title": ""}, {}, [("title", "NOT_GIVEN")]),
        ({"text": ""}, {"text": ""}, []),  # it is required, and may be empty
        ({"text": "30"}, {"text": "30"}, []),
        ({"part": {"size": "1"}}, {"part": {"size": 1}}, [("part.size", "NUMBER")]),
        ({"part": {"size": 1, "name": ""}}, {"part": {"size": 1}}, [("part.name", "NOT_GIVEN")]),
        ({"parts": [{"size": "1"}]}, {"parts": [{"size": 1}]}, [("parts.0.size", "NUMBER")]),
        ({"parts": [{"size": ""}, None]}, {"parts": [{"size": ""}, None]}, []),
        ({"sizes": ["1", "x", ""]}, {"sizes": [1, "x", ""]}, [("sizes.0", "NUMBER")]),
        ({"unknown": ""}, {"unknown": ""}, []),
    ],
)  # fmt: skip
def test_values_are_read_as_their_fields_take_them(value: Any, read: Any, found: list[tuple[str, str]]) -> None:
    result, loose = read_loose_values(value, Whole)
    assert result == read
    assert [(".".join(map(str, item.location)), item.reading.name) for item in loose] == found


def test_the_notes_name_fields_without_their_values() -> None:
    notes = ReadingNotes()
    assert notes.sentences() == ()
    for path in ("timeout", "crf", "timeout"):
        notes.add(path, Reading.NUMBER)
    notes.add("output", Reading.NOT_GIVEN)
    assert notes.sentences() == (
        'Read as not given, because empty or null: "output".',
        'Read text as a number: "timeout", "crf".',
    )


def test_the_notes_stay_short() -> None:
    notes = ReadingNotes()
    for index in range(25):
        notes.add(f"layers[{index}].x", Reading.NUMBER)
    [sentence] = notes.sentences()
    assert sentence.endswith('"layers[19].x" and 5 more.')


def test_no_field_takes_numbers_and_any_text_alike() -> None:
    """Text that is a number is read as one wherever a number may stand: there it must mean nothing else."""
    both = set()
    pending: list[Any] = [*(action.job for action in ACTIONS.values()), Composition]
    seen: set[Any] = set()
    while pending:
        node = pending.pop()
        node = getattr(node, "__value__", node)
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, type) and issubclass(node, BaseModel):
            for name, info in node.model_fields.items():
                pending.append(info.annotation)
                kinds = set(get_args(info.annotation)) or {info.annotation}
                if str in kinds and kinds & {int, float, bool}:
                    both.add(name)
        pending += [
            inner
            for inner in get_args(node)
            if isinstance(inner, type) or get_args(inner) or hasattr(inner, "__value__")
        ]
    assert both == {"start"}  # seconds, "auto" or "after:ID"
