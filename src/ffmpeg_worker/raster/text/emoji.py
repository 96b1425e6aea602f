"""Tells emoji from text."""

from __future__ import annotations

import functools

from uniseg.emoji import emoji_presentation

_TEXT_SELECTOR, _EMOJI_SELECTOR = "\ufe0e", "\ufe0f"


@functools.lru_cache(maxsize=4096)
def is_emoji(cluster: str) -> bool:
    """Whether a grapheme cluster is shown in color, by default or because of a variation selector."""
    if _TEXT_SELECTOR in cluster:
        return False
    return _EMOJI_SELECTOR in cluster or any(emoji_presentation(letter) for letter in cluster if letter > "\u2000")
