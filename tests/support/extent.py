"""How much the tests run: samples of large corpora and few random examples, or all with `FULL_CORPUS=1`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from zlib import crc32

import pytest

IS_FULL = os.environ.get("FULL_CORPUS") == "1"
_SHARE_OF_EXAMPLES = 5


def examples(count: int, *, least: int = 10) -> int:
    """The number of random examples of a test that has `count` with `FULL_CORPUS=1`: a fifth, at least `least`."""
    return count if IS_FULL else min(count, max(least, count // _SHARE_OF_EXAMPLES))


def find_left_out(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """The tests with the mark `nightly`, and of those with the mark `sampled(one_of)` the cases that are not run.

    Of the cases of a test, about one of `one_of` is run, which depends on nothing but its id, and always the first
    one, the last one, and those whose ids contain one of the words `always`.
    """
    if IS_FULL:
        return set()
    found = {item for item in items if item.get_closest_marker("nightly") is not None}
    for cases in _by_test(items).values():
        mark = cases[0].get_closest_marker("sampled")
        if mark is None:
            continue
        (one_of,), always = mark.args, mark.kwargs.get("always", ())
        found.update(
            case
            for case in cases[1:-1]
            if crc32(case.name.encode()) % one_of and not any(word in case.name for word in always)
        )
    return found


def _by_test(items: Sequence[pytest.Item]) -> dict[str, list[pytest.Item]]:
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return tests
