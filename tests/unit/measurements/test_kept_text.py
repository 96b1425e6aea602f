"""Texts are kept whole up to a limit; of longer ones the beginning and the end, in whole lines."""

from __future__ import annotations

import pytest

from ffmpeg_worker.measurements.kept_text import KeptText


def keep(lines: list[str], max_bytes: int) -> KeptText:
    kept = KeptText(max_bytes)
    for line in lines:
        kept.add(line)
    return kept


@pytest.mark.parametrize("lines", [[], ["a"], ["one", "two", "three"], ["é" * 5] * 4])
def test_short_texts_are_whole(lines: list[str]) -> None:
    kept = keep(lines, 100)
    assert (list(kept.lines()), kept.truncated) == (lines, False)


def test_long_texts_keep_both_ends_in_whole_lines() -> None:
    lines = [f"line {number:04d}" for number in range(1000)]
    kept = keep(lines, 200)
    found = list(kept.lines())
    assert kept.truncated
    assert found == [*lines[:10], "[… 980 lines left out …]", *lines[-10:]]


def test_characters_count_as_bytes() -> None:
    kept = keep(["é" * 9] * 20, 100)
    assert kept.truncated
    assert sum(len(line.encode()) + 1 for line in kept.lines() if line.startswith("é")) <= 100


def test_a_line_that_does_not_fit_is_left_out() -> None:
    assert list(keep(["a", "x" * 1000, "b"], 20).lines()) == ["a", "[… 1 lines left out …]", "b"]


@pytest.mark.parametrize("first_bytes", [70, 200, 1000])
def test_a_text_that_shrinks_keeps_both_ends_and_counts_what_it_leaves_out(first_bytes: int) -> None:
    lines = [f"{number:04d}" for number in range(100)]
    kept = keep(lines[:60], first_bytes)
    kept.shrink(50)
    for line in lines[60:]:
        kept.add(line)
    assert list(kept.lines()) == [*lines[:5], "[… 90 lines left out …]", *lines[-5:]]
    assert kept.size == 50


def test_a_short_text_stays_whole_when_it_shrinks() -> None:
    kept = keep(["a", "b", "c"], 100)
    kept.shrink(8)
    assert (list(kept.lines()), kept.truncated) == (["a", "b", "c"], False)
