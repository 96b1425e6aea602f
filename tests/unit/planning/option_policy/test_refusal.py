"""Errors of the option policy."""

from __future__ import annotations

from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quote_name
from ffmpeg_worker.planning.option_policy.rule import ValueKind, rule


def test_a_refusal_names_the_option_and_what_is_inside_its_value() -> None:
    context = ArgumentContext("-vf")
    error = context.inside(quote_name("the filter", "movie")).refusal("is bad", "Do this.")
    assert error.message == 'In the option "-vf", the filter "movie" is bad.'
    assert (error.hint, error.where) == ("Do this.", {"argument": "-vf"})
    assert context.refusal("is bad").message == 'The option "-vf" is bad.'
    assert ArgumentContext("output").refusal("is bad").message == "The output is bad."


def test_a_rule_gives_its_reason_and_its_advice() -> None:
    error = ArgumentContext("-dump").refused_by(rule(ValueKind.REFUSED, "dump", "it prints", "Leave it out."))
    assert error.message == 'The option "-dump" is not accepted: it prints.'
    assert error.hint == "Leave it out."


def test_an_unknown_name_has_a_code_of_its_kind_and_the_nearest_name_as_hint() -> None:
    option = ArgumentContext("-movflag").unknown("option", "movflag", ["movflags", "map"])
    assert (option.code, option.hint) == ("option_unknown", 'Did you mean "-movflags"?')
    filter_ = ArgumentContext("-vf").unknown("filter", "scael", ["scale"])
    assert (filter_.code, filter_.hint) == ("filter_unknown", 'Did you mean "scale"?')
    assert "docs/commands.md" in str(ArgumentContext("-x").unknown("option", "qqqqqqqq", ["map"]).hint)


def test_long_names_are_shortened() -> None:
    error = ArgumentContext("-" + "x" * 500).refusal("is bad")
    assert len(error.message) < 100
    assert len(quote_name("the filter", "x" * 500)) < 100
