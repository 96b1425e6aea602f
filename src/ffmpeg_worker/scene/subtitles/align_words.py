"""Aligns spoken words, as speech recognizers return them, to the written text of their cue."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.scene.content import Cue, Word
from ffmpeg_worker.scene.subtitles.unspaced_scripts import is_unspaced

_TOKEN = re.compile(r"\S+")
_ANCHOR = 3
"""Letters that must be equal for the alignment to continue after a difference."""

_REACH = 48
"""Letters within which the alignment is sought after a difference."""

_END = "\0" * _ANCHOR
_MIN_LETTER_S = 0.02


_Owner = tuple[int, int] | None
"""The first and the last of the spoken words that stand for a part of the text; `None` if nobody says it."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Characters `start` to `end` of a text."""

    start: int
    end: int
    owner: _Owner


def align_words(cue: Cue) -> Cue:
    """Return the cue with words that are parts of its text, in order, and have the times of the spoken words.

    Letters are compared without case, accents, punctuation and spaces. A part of the text that nobody says gets a
    share of the time around it; a spoken word that the text lacks is dropped. If nothing can be compared, the cue
    has no words. The time is linear in the length of the text, but for a logarithm.
    """
    units = _find_units(cue.text, cue.words)
    if not units:
        return replace(cue, words=())
    words: list[Word] = []
    for owner, same in itertools.groupby(units, key=lambda unit: unit.owner):
        texts = [cue.text[unit.start : unit.end] for unit in same]
        if owner is None:
            words += [Word(text, -1.0, -1.0) for text in texts]
        else:
            words += spread(texts, cue.words[owner[0]].begin_s, cue.words[owner[1]].end_s)
    _fill_unheard(words, cue)
    begins = itertools.accumulate((word.begin_s for word in words), max)
    return replace(
        cue,
        words=tuple(
            Word(word.text, begin, max(word.end_s, begin)) for word, begin in zip(words, begins, strict=True)
        ),
    )


def join_syllables(cue: Cue) -> Cue:
    """Return the cue with its syllables joined to words, except in scripts without spaces between words."""
    joined: list[Word] = []
    position = 0
    for word in cue.words:
        start = cue.text.find(word.text, position)
        touches = bool(joined) and start == position
        position = max(start, position) + len(word.text)
        if touches and not is_unspaced(joined[-1].text[-1]) and not is_unspaced(word.text[0]):
            last = joined[-1]
            joined[-1] = Word(last.text + word.text, last.begin_s, max(last.end_s, word.end_s))
        else:
            joined.append(word)
    return replace(cue, words=tuple(joined))


def _find_units(text: str, words: Sequence[Word]) -> list[_Unit]:
    written = [(letter, index) for index, character in enumerate(text) for letter in _fold(character)]
    spoken = [
        (letter, number)
        for number, word in enumerate(words)
        for character in word.text
        for letter in _fold(character)
    ]
    if not written or not spoken:
        return _pair_tokens(text, words)
    spans = _align([letter for letter, _ in written], [letter for letter, _ in spoken])
    owner_at: dict[int, _Owner] = {}
    for (_, index), span in zip(written, spans, strict=True):
        owner_at.setdefault(index, span and (spoken[span[0]][1], spoken[span[1]][1]))
    units: list[_Unit] = []
    lonely_start: int | None = None
    for token in _TOKEN.finditer(text):
        runs = list(_split_token(token.start(), token.end(), owner_at))
        if not runs:  # punctuation: it belongs to the word before it, or to the next one at the start of a line
            if units and "\n" not in text[units[-1].end : token.start()]:
                units[-1] = replace(units[-1], end=token.end())
            elif lonely_start is None:
                lonely_start = token.start()
            continue
        if lonely_start is not None:
            runs[0] = replace(runs[0], start=lonely_start)
            lonely_start = None
        if units and units[-1].owner == runs[0].owner and _is_phrase(words, runs[0].owner):
            runs[0] = replace(runs[0], start=units.pop().start)
        units += runs
    if lonely_start is not None and units:
        units[-1] = replace(units[-1], end=len(text.rstrip()))
    return units


def _is_phrase(words: Sequence[Word], owner: _Owner) -> bool:
    """Whether one spoken word is several words of the text, such as "New York"."""
    return owner is not None and owner[0] == owner[1] and len(words[owner[0]].text.split()) > 1


def _fold(character: str) -> Iterator[str]:
    """Yield the letters, digits and symbols by which a character is compared."""
    for letter in unicodedata.normalize("NFKD", character.casefold()):
        if unicodedata.category(letter)[0] in "LNS":
            yield letter


def _pair_tokens(text: str, words: Sequence[Word]) -> list[_Unit]:
    """Return one unit for each token if there are as many words, such as ellipses or emoji sequences."""
    tokens = [token.span() for token in _TOKEN.finditer(text)]
    if len(tokens) != len(words):
        return []
    return [_Unit(*span, (number, number)) for number, span in enumerate(tokens)]


def _split_token(start: int, end: int, owner_at: dict[int, _Owner]) -> Iterator[_Unit]:
    """Yield the parts of a token, which has no spaces; what has no owner belongs to a part beside it."""
    found = [(index, owner_at[index]) for index in range(start, end) if index in owner_at]
    if not found:
        return
    heard = [(index, owner) for index, owner in found if owner is not None] or found[:1]
    starts = [next(group) for _, group in itertools.groupby(heard, key=lambda each: each[1])]
    edges = [start, *(index for index, _ in starts[1:]), end]
    for (begin, until), (_, owner) in zip(itertools.pairwise(edges), starts, strict=True):
        yield _Unit(begin, until, owner)


def _align(written: Sequence[str], spoken: Sequence[str]) -> list[_Owner]:
    """Return the first and last spoken letter for each written one; `None` for those that nobody says."""
    said, text = "".join(spoken) + _END, "".join(written) + _END
    places: defaultdict[str, list[int]] = defaultdict(list)
    for index in range(len(spoken) + 1):
        places[said[index : index + _ANCHOR]].append(index)
    spans: list[_Owner] = []
    at = 0
    while len(spans) < len(written):
        here = len(spans)
        if at < len(spoken) and text[here] == said[at]:
            spans.append((at, at))
            at += 1
            continue
        skipped, passed = _find_anchor(text, here, at, len(written), len(spoken), places)
        spans += [(at, at + passed - 1) if passed else None] * skipped
        at += passed
    return spans


def _find_anchor(
    text: str, here: int, at: int, length: int, spoken: int, places: dict[str, list[int]]
) -> tuple[int, int]:
    """Return the numbers of written and of spoken letters that differ, up to the next equal ones."""
    best: tuple[int, int] | None = None
    for skipped in range(length - here + 1):
        reach = _REACH if best is None else sum(best)
        if skipped > max(reach, _REACH) or (best is not None and skipped >= reach):
            break
        known = places.get(text[here + skipped : here + skipped + _ANCHOR], ())
        index = bisect.bisect_left(known, at)
        if index < len(known) and known[index] - at <= max(_REACH, 2 * skipped):
            passed = known[index] - at
            if best is None or skipped + passed < sum(best):
                best = skipped, passed
    if best is None:
        return min(_REACH, length - here), min(_REACH, spoken - at)
    return best


def _fill_unheard(words: list[Word], cue: Cue) -> None:
    """Give the words that nobody says, whose times are negative, a share of the time around them."""
    index = 0
    while index < len(words):
        end = index
        while end < len(words) and words[end].begin_s < 0:
            end += 1
        if end == index:
            index += 1
            continue
        begin_s = words[index - 1].end_s if index else min(cue.begin_s, words[end].begin_s)
        end_s = words[end].begin_s if end < len(words) else max(cue.end_s, begin_s)
        first, last = index, end
        if end_s - begin_s < _MIN_LETTER_S * sum(len(word.text) for word in words[index:end]):
            first, last = (index - 1, end) if index else (index, end + 1)
            begin_s = words[first].begin_s if index else begin_s
            end_s = max(end_s, words[last - 1].end_s)
        words[first:last] = spread([word.text for word in words[first:last]], begin_s, max(end_s, begin_s))
        index = end


def spread(texts: Iterable[str], begin_s: float, end_s: float) -> list[Word]:
    """Return words that share a span of time in proportion to their lengths."""
    kept = list(texts)
    # Two letters more: short words take their time, too.
    weights = [len(text) + 2 for text in kept]
    per = (end_s - begin_s) / max(sum(weights), 1)
    marks = [begin_s + passed * per for passed in itertools.accumulate(weights, initial=0)]
    return [Word(*each) for each in zip(kept, marks, [*marks[1:-1], end_s], strict=False)]
