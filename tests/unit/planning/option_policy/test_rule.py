"""Rules by name."""

from __future__ import annotations

import pytest

from ffmpeg_worker.planning.option_policy.rule import Rule, ValueKind, index_by_name, rule


def test_a_rule_is_found_under_each_of_its_names() -> None:
    both = rule(ValueKind.READ, "attach  palette", "they name a file")
    assert both == Rule(ValueKind.READ, ("attach", "palette"), "they name a file")
    assert index_by_name([both]) == {"attach": both, "palette": both}


def test_two_rules_for_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match='two rules name "b"'):
        index_by_name([rule(ValueKind.READ, "a b", ""), rule(ValueKind.WRITE, "b c", "")])
