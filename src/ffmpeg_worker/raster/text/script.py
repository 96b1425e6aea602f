"""Which script a character is of, as far as shaping differs."""

from __future__ import annotations

import bisect
import unicodedata

_STARTS = (
    (0x0041, "Latn"), (0x0370, "Grek"), (0x0400, "Cyrl"), (0x0530, "Armn"), (0x0590, "Hebr"), (0x0600, "Arab"),
    (0x0700, "Syrc"), (0x0750, "Arab"), (0x0780, "Thaa"), (0x07C0, "Nkoo"), (0x0800, "Samr"), (0x0860, "Arab"),
    (0x0900, "Deva"), (0x0980, "Beng"), (0x0A00, "Guru"), (0x0A80, "Gujr"), (0x0B00, "Orya"), (0x0B80, "Taml"),
    (0x0C00, "Telu"), (0x0C80, "Knda"), (0x0D00, "Mlym"), (0x0D80, "Sinh"), (0x0E00, "Thai"), (0x0E80, "Laoo"),
    (0x0F00, "Tibt"), (0x1000, "Mymr"), (0x10A0, "Geor"), (0x1100, "Hang"), (0x1200, "Ethi"), (0x13A0, "Cher"),
    (0x1780, "Khmr"), (0x1800, "Mong"), (0x1D00, "Latn"), (0x1F00, "Grek"), (0x2000, "Zyyy"), (0x2C60, "Latn"),
    (0x2E80, "Hani"), (0x3040, "Hira"), (0x30A0, "Kana"), (0x3130, "Hang"), (0x3190, "Hani"), (0xA000, "Yiii"),
    (0xA720, "Latn"), (0xA8E0, "Deva"), (0xA960, "Hang"), (0xAA60, "Mymr"), (0xAB30, "Latn"), (0xAC00, "Hang"),
    (0xD800, "Zyyy"), (0xF900, "Hani"), (0xFB00, "Latn"), (0xFB1D, "Hebr"), (0xFB50, "Arab"), (0xFE00, "Zyyy"),
    (0xFE70, "Arab"), (0xFEFF, "Zyyy"), (0xFF66, "Kana"), (0xFFA0, "Hang"), (0xFFE0, "Zyyy"), (0x20000, "Hani"),
    (0xE0000, "Zyyy"),
)  # fmt: skip
_PLACES = tuple(start for start, _ in _STARTS)
COMMON = "Zyyy"


def script_of(letter: str) -> str:
    """The script's tag of ISO 15924, `Zyyy` for what belongs to any."""
    if not unicodedata.category(letter).startswith(("L", "M")):
        return COMMON
    index = bisect.bisect_right(_PLACES, ord(letter))
    return _STARTS[index - 1][1] if index else COMMON
