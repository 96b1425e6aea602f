"""Fonts that libass did not find, read from FFmpeg's log."""

from __future__ import annotations

import re
from collections.abc import Iterator

# fontselect: (Brandy, 400, 0) -> /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf, 0, DejaVuSans
_SELECTION = re.compile(r"fontselect: \(([^\n]{1,200}?), (\d+), (\d+)\) -> ([^\n]{1,4096})")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
# The font of subtitles that ask for none.
_DEFAULT = "Arial"


def find_font_fallbacks(log: str, arguments: str) -> Iterator[tuple[str, str]]:
    """The fonts that subtitles asked for and the machine lacks, each with the font that was used.

    `arguments` are those of the command: the default font counts only if they name it.
    """
    seen: set[str] = set()
    for found in _SELECTION.finditer(log):
        wanted, used = found[1], found[4].rpartition(", ")[2]
        # Later selections for one font are for letters that it lacks.
        if wanted in seen or (wanted == _DEFAULT and _DEFAULT.lower() not in arguments.lower()):
            continue
        seen.add(wanted)
        plain = _NO_LETTER.sub("", wanted.lower())
        # Names in other scripts differ between a font's family and its PostScript name.
        if plain and wanted.isascii() and plain not in _NO_LETTER.sub("", found[4].lower()):
            yield wanted, used
