"""The fonts of the package as files, for programs that draw letters themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path(__file__).parent / "fonts"
_IN_COLOUR = "Twemoji"


def own_fonts() -> Iterator[Path]:
    """Those with outlines: few programs draw letters in colour, and without they are nothing."""
    return (path for path in sorted(_FOLDER.glob("*.ttf")) if path.stem != _IN_COLOUR)
