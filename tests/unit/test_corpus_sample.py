"""The samples of the corpora leave nothing out that occurs in them."""

from __future__ import annotations

from collections import Counter

from support.extent import IS_FULL
from support.jobs.corpus_sample import features_of, find_cover, sample_commands, sample_in_turn
from support.jobs.everyday_commands import EVERYDAY
from support.jobs.guide_commands import GUIDES


def test_every_feature_of_the_corpora_occurs_in_the_sample() -> None:
    everything = {**EVERYDAY, **GUIDES}
    assert len(everything) == len(EVERYDAY) + len(GUIDES)
    sample = [*sample_commands(EVERYDAY), *sample_commands(GUIDES)]
    assert IS_FULL or len(sample) < len(everything) / 2
    wanted, found = (
        frozenset().union(*(features_of(everything[p]) for p in part)) for part in (everything, sample)
    )
    assert wanted == found
    assert wanted >= {"-pass", "filter loudnorm", "filter subtitles", "suffix m3u8", "-f segment", "chain of 2"}


def test_a_cover_is_small_and_complete() -> None:
    features = {"a": "xy", "b": "y", "c": "yz", "d": "z", "e": "v"}
    assert find_cover({key: frozenset(word) for key, word in features.items()}) == {"a", "c", "e"}


def test_choices_in_turn() -> None:
    names, choices = [f"n{number}" for number in range(8)], ["a", "b", "c"]
    taken = sample_in_turn(names, choices, always={("n1", "a")})
    counts = Counter(choice for name in names for choice in taken[name])
    assert counts == (dict.fromkeys(choices, 8) if IS_FULL else {"a": 4, "b": 3, "c": 2})
    assert taken["n1"][0] == "a"
