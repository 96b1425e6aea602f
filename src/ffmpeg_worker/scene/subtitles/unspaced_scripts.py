"""Scripts that are written without spaces between words, and the joining of words to a text."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence

_SOUTHEAST_ASIAN = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAA7F),  # Myanmar
)
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
_OPENING = frozenset({"Ps", "Pi"})
_INVERTED_MARKS = frozenset("¿¡")
_CONTRACTIONS = frozenset({"s", "t", "re", "ve", "ll", "d", "m"})


@functools.lru_cache(maxsize=4096)
def is_unspaced(letter: str) -> bool:
    """Whether a letter or mark belongs to a script without spaces between words: Chinese, Japanese, Thai, …."""
    return _is_in(letter, _SOUTHEAST_ASIAN) or _is_east_asian(letter)


def join_words(words: Sequence[str]) -> str:
    """Join words to a text.

    Words that begin or end with spaces bring their own, as those of speech recognizers do. Else there is a space
    between two words, unless their script has none or one of them is a punctuation mark.
    """
    kept = [word for word in words if word]
    if any(word[0].isspace() for word in kept[1:]) or any(word[-1].isspace() for word in kept[:-1]):
        return " ".join("".join(kept).split())
    text = ""
    for word in kept:
        text += f" {word}" if text and _is_spaced(text, word) else word
    return text.strip()


def _is_spaced(before: str, word: str) -> bool:
    left, right = before[-1], word[0]
    if _is_east_asian(left) or _is_east_asian(right) or (is_unspaced(left) and is_unspaced(right)):
        return False
    if not any(letter.isalnum() for letter in word) and unicodedata.category(right) in {"Po", "Pe", "Pf"}:
        return right in _INVERTED_MARKS
    if right in "'\u2019" and word[1:].lower() in _CONTRACTIONS:
        return False
    return unicodedata.category(left) not in _OPENING and left not in _INVERTED_MARKS


def _is_east_asian(letter: str) -> bool:
    if letter.isspace() or unicodedata.category(letter)[0] == "S" or _is_in(letter, _HANGUL):
        return False
    return unicodedata.east_asian_width(letter) in {"W", "F"} or "\uff66" <= letter <= "\uff9d"


def _is_in(letter: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(letter) <= last for first, last in blocks)
