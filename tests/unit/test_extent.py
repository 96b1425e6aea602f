"""Which cases of sampled tests are run by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from support import extent
from support.extent import examples, find_left_out


@pytest.fixture(autouse=True)
def no_full_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "IS_FULL", False)


def cases(test: str, names: Sequence[str], *mark: Any, **always: Any) -> list[Any]:
    """Collected cases of a test, with the mark `sampled` if there are arguments for it."""
    marks = {"sampled": SimpleNamespace(args=mark, kwargs=always)} if mark else {}
    return [
        _Case(nodeid=f"{test}[{name}]", name=f"{test}[{name}]", get_closest_marker=marks.get) for name in names
    ]


@dataclass(eq=False)
class _Case:
    nodeid: str
    name: str
    get_closest_marker: Callable[[str], Any]


NUMBERS = [f"case {number}" for number in range(300)]


def left_out(items: list[Any]) -> set[str]:
    return {item.name for item in find_left_out(items)}


def test_about_one_of_so_many_is_run_and_the_first_and_the_last() -> None:
    items = cases("t", NUMBERS, 3)
    out = left_out(items)
    assert 60 < len(items) - len(out) < 140
    assert not {items[0].name, items[-1].name} & out


def test_others_do_not_change_what_is_run() -> None:
    out = left_out(cases("t", NUMBERS, 3))
    assert out - {"t[case 299]"} == left_out(cases("t", ["new", *NUMBERS[1:], "newer"], 3)) - {"t[case 299]"}


def test_named_cases_are_run() -> None:
    out = left_out(cases("t", NUMBERS, 3, always=["7"]))
    assert out
    assert not [name for name in out if "7" in name]


def test_tests_without_the_mark_are_run() -> None:
    assert left_out(cases("t", NUMBERS)) == set()


def test_nightly_tests_are_not_run() -> None:
    nightly = _Case(nodeid="n", name="n", get_closest_marker={"nightly": object()}.get)
    assert left_out([nightly, *cases("t", NUMBERS)]) == {"n"}


def test_all_are_run_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "IS_FULL", True)
    nightly = _Case(nodeid="n", name="n", get_closest_marker={"nightly": object()}.get)
    assert left_out([nightly, *cases("t", NUMBERS, 3)]) == set()
    assert examples(500) == 500


@pytest.mark.parametrize(("count", "expected"), [(500, 100), (60, 12), (20, 10), (4, 4)])
def test_examples(count: int, expected: int) -> None:
    assert examples(count) == expected
