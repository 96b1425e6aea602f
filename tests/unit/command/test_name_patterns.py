"""Names of files are matched as regular expressions would, without their backtracking."""

from __future__ import annotations

import fnmatch
import re

from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.command.name_patterns import MAX_CHARACTER_SETS, NamePatterns, first_name, is_sequence

CODES = {"%d": r"\d+", "%02d": r"\d+", "%Y": "[^/]+", "%v": "[^/]+", "%%": "%"}
PARTS = st.lists(st.sampled_from([*CODES, "a", "1", "/", "."]), max_size=6)
NAMES = st.text("a12%/.", max_size=8)


@given(PARTS, NAMES)
def test_names_of_outputs(parts: list[str], name: str) -> None:
    patterns = NamePatterns()
    patterns.add_output("".join(parts))
    expression = "".join(CODES.get(part, re.escape(part)) for part in parts)
    assert patterns.match(name) == (re.fullmatch(expression, name) is not None)


@given(st.lists(PARTS, max_size=3), NAMES)
def test_several_sequences(sequences: list[list[str]], name: str) -> None:
    patterns = NamePatterns()
    expressions = []
    for parts in sequences:
        patterns.add_sequence("".join(parts))
        expressions.append(re.sub(r"%0?\d*d", r"\\d+", re.escape("".join(parts))))
    assert patterns.match(name) == any(re.fullmatch(expression, name) for expression in expressions)


@given(
    st.lists(st.sampled_from(["*", "?", "[ab]", "[!a]", "[a-c1]", "[]a]", "[", "a", "b"]), max_size=6),
    st.text("abc1]/", max_size=8),
)
def test_wildcards(parts: list[str], name: str) -> None:
    patterns = NamePatterns()
    patterns.add_wildcards("".join(parts))
    assert patterns.match(name) == fnmatch.fnmatchcase(name, "".join(parts))


def test_a_pattern_of_very_many_sets_matches_nothing() -> None:
    patterns = NamePatterns()
    patterns.add_wildcards("[a]" * (MAX_CHARACTER_SETS + 1))
    assert not patterns.match("a" * (MAX_CHARACTER_SETS + 1))


def test_numbers_in_names() -> None:
    assert is_sequence("f%03d.png")
    assert not is_sequence("50%.png")
    assert first_name("f%03d.png") == "f1.png"
