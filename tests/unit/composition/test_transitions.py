"""Names of transitions."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ffmpeg_worker.composition.transitions import (
    TRANSITIONS,
    Transition,
    TransitionKind,
    Transitions,
)


@pytest.mark.parametrize("kind", TRANSITIONS.values())
def test_a_transition_is_found_by_every_spelling(kind: TransitionKind) -> None:
    name = kind.name
    for word in (name, name.upper(), name.replace("-", ""), name.replace("-", "_"), *kind.aliases):
        assert Transition(type=word).type == name


def test_names_and_aliases_are_unique() -> None:
    words = [word for kind in TRANSITIONS.values() for word in (kind.name.replace("-", ""), *kind.aliases)]
    assert len(words) == len(set(words))


def test_an_unknown_name_is_not_found() -> None:
    with pytest.raises(ValidationError, match="is not the name of a transition"):
        Transition(type="wipeleftish")


def test_a_string_is_the_type() -> None:
    transitions = Transitions.model_validate({"in": "slidedown", "out": {"type": "wipe_left", "duration": 1}})
    assert transitions.enter == Transition(type="slide-down")
    assert transitions.leave == Transition(type="wipe-left", duration=1)
