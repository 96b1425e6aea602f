"""Breaks a text into lines, phrases and words with ICU (https://unicode-org.github.io/icu/).

ICU has dictionaries for Thai, Lao, Khmer, Burmese, Chinese and Japanese, whose words are not separated by spaces.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from icu4py.breakers import LineBreaker, WordBreaker

from ffmpeg_worker.scene.subtitles.unspaced_scripts import is_unspaced

_TOKEN = re.compile(r"\S+")
_ANY_LANGUAGE = "en"
_PHRASES = "ja-u-lw-phrase"
"""Lines end between phrases. ICU does so for all East Asian text if the language is Japanese or Korean."""

_SAMPLE = "ไทย ລາວ ខ្មែរ မြန်မာ 中文と日本語 한국어"


def warm_up_breakers() -> None:
    """Load the rules and dictionaries, for processes that cannot load files later."""
    find_phrase_breaks(_SAMPLE, find_line_breaks(_SAMPLE))
    list(split_words(_SAMPLE))


def find_line_breaks(text: str) -> tuple[int, ...]:
    """Return the indexes after which a line may end: UAX #14, between words of scripts without spaces."""
    return tuple(end for _, end in LineBreaker(text, _ANY_LANGUAGE).segments()) if text else ()


def find_phrase_breaks(text: str, breaks: Sequence[int]) -> tuple[int, ...]:
    """Return those of the line breaks that do not separate Chinese, Japanese or Korean phrases."""
    if all(letter < "\u1100" for letter in text):
        return tuple(breaks)
    phrases = {end for _, end in LineBreaker(text, _PHRASES).segments()}
    return tuple(end for end in breaks if end in phrases)


def split_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each word of a text; punctuation belongs to the word before it, or else after it."""
    for token in _TOKEN.finditer(text):
        if not any(map(is_unspaced, token.group())):
            yield token.span()
            continue
        start = token.start()
        ends = [start + end for _, end in WordBreaker(token.group(), _ANY_LANGUAGE).segments()]
        begins = [start, *ends[:-1]]
        wordy = [begin for begin, end in zip(begins, ends, strict=True) if _is_word(text[begin:end])]
        edges = [start, *wordy[1:], token.end()]
        yield from itertools.pairwise(edges)


def _is_word(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
