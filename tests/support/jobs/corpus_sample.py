"""The part of a corpus that tests run by default; with `FULL_CORPUS=1` they run all of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from support.extent import IS_FULL
from support.jobs.everyday_commands import EVERYDAY, Spelling, chain_of
from support.jobs.guide_commands import GUIDES

_GRAPH_OPTIONS = ("-vf", "-af", "-filter", "-filter_complex", "-lavfi")
_FILTER = re.compile(r"(?:^|[\];,])\s*(?:\[[^\]]*\]\s*)*([a-z0-9_]+)(?=[=,;@\[]|$)")
_OF_FILES = {
    *("amovie", "ass", "drawtext", "haldclut", "libvmaf", "lut1d", "lut3d", "metadata", "movie", "psnr", "ssim"),
    *("subtitles", "vidstabdetect", "vidstabtransform", "xpsnr", "ametadata", "loudnorm", "ebur128", "showinfo"),
}
"""Filters that read, write or measure; to a worker the others are alike."""
_SUFFIX = re.compile(r"\.([A-Za-z0-9]{2,6})$")


def sample_commands(corpus: Mapping[str, Spelling]) -> list[str]:
    """The purposes of `corpus` to run.

    By default they are those of the smallest part of both corpora, found greedily, in which every option, format,
    suffix, spelling and length of a chain of the corpora occurs, and every filter that reads, writes or measures.
    """
    return [purpose for purpose in corpus if IS_FULL or purpose in _COVER]


def features_of(command: Spelling) -> frozenset[str]:
    """What a worker could treat differently in this command than in another."""
    chain = chain_of(command)
    found = {f"spelling {type(command).__name__}", f"chain of {len(chain)}"}
    return frozenset(found.union(*map(_features_of_tokens, chain)))


def _features_of_tokens(tokens: Sequence[str]) -> Iterator[str]:
    for word, following in pairwise((*tokens, "")):
        option = word.partition(":")[0]
        if re.match(r"-[A-Za-z]", word):
            yield option
        if option in {"-f", "-bsf"}:
            yield f"{option} {following}"
        if option in _GRAPH_OPTIONS:
            yield from (f"filter {name}" for name in _FILTER.findall(following) if name in _OF_FILES)
        if suffix := _SUFFIX.search(word):
            yield f"suffix {suffix[1]}"


def find_cover(features: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Few keys whose features are all that occur: again and again the first key with the most new ones."""
    chosen: list[str] = []
    missing = set[str]().union(*features.values())
    while missing:
        chosen.append(max(features, key=lambda key: len(features[key] & missing)))
        missing -= features[chosen[-1]]
    return frozenset(chosen)


def sample_in_turn(
    names: Iterable[str],
    choices: Sequence[str],
    *,
    always: Collection[tuple[str, str]] = (),
    count_each: int | None = None,
) -> dict[str, list[str]]:
    """The choices for each name: by default a third of them, the next name begins with the next one.

    Args:
        names: in the order in which they take choices.
        choices: all there are.
        always: pairs of a name and a choice that are kept.
        count_each: how many instead of a third.
    """
    count = len(choices)
    share = count // 3 if count_each is None else count_each
    return {
        name: [
            choice
            for place, choice in enumerate(choices)
            if IS_FULL or (place - number) % count < share or (name, choice) in always
        ]
        for number, name in enumerate(names)
    }


_COVER = find_cover({purpose: features_of(command) for purpose, command in {**EVERYDAY, **GUIDES}.items()})
