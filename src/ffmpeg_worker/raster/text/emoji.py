"""Which clusters are shown as pictures."""

from __future__ import annotations

import functools

from uniseg.emoji import emoji_presentation

_AS_TEXT, _AS_PICTURE = "\ufe0e", "\ufe0f"


@functools.lru_cache(maxsize=4096)
def is_emoji(cluster: str) -> bool:
    """Whether a cluster is to be shown in colour: by its nature, or because a variation selector asks for it."""
    if _AS_TEXT in cluster:
        return False
    return _AS_PICTURE in cluster or any(emoji_presentation(letter) for letter in cluster if letter > "\u2000")
