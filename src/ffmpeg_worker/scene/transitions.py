"""How elements come and go: the names, and what each is drawn with."""

from __future__ import annotations

PLACED = ("fade", "slide-left", "slide-right", "slide-up", "slide-down", "zoom", "zoom-out", "pop")
"""Drawn by moving, scaling or fading the element.

`slide-left` moves to the left: in from beyond the right edge of the canvas, out beyond the left one. `zoom` grows
from nothing, `zoom-out` shrinks from half as large again, `pop` grows a little too far and back; out, each runs
backwards. Between two elements they are ffmpeg's effect of that meaning, over the whole canvas.
"""

SHAPED = (
    *("wipeleft", "wiperight", "wipeup", "wipedown", "wipetl", "wipetr", "wipebl", "wipebr"),
    *("smoothleft", "smoothright", "smoothup", "smoothdown", "circleopen", "circleclose", "radial"),
    *("hlwind", "hrwind", "vuwind", "vdwind"),
    *("vertopen", "vertclose", "horzopen", "horzclose", "diagtl", "diagtr", "diagbl", "diagbr"),
    *("hlslice", "hrslice", "vuslice", "vdslice", "dissolve"),
)
"""Drawn by libavfilter's `xfade`, named as there: a shape within which what comes is seen."""

MIXED = (
    *("circlecrop", "rectcrop", "fadeblack", "fadewhite", "fadegrays", "fadefast", "fadeslow"),
    *("squeezeh", "squeezev", "pixelize", "hblur", "distance"),
    *("coverleft", "coverright", "coverup", "coverdown", "revealleft", "revealright", "revealup", "revealdown"),
)
"""Drawn by `xfade`, too, out of both pictures."""

NAMES = (*PLACED, *SHAPED, *MIXED)
"""Every transition's own name."""

ALIASES = {
    "crossfade": "fade",
    "slide": "slide-left",
    "push": "slide-left",
    "zoomin": "zoom",
    "scale": "zoom",
    "wipe": "wipeleft",
    "circle": "circleopen",
    "iris": "circleopen",
    "irisin": "circleclose",
    "irisout": "circleopen",
    "clock": "radial",
    "pixelate": "pixelize",
    "blur": "hblur",
    "cover": "coverleft",
    "reveal": "revealleft",
}
"""Other words for some of them."""

_BY_PLAIN_NAME = {name.replace("-", ""): name for name in NAMES} | ALIASES

_PAIRED = {
    "fade": "fade",
    "slide-left": "slideleft",
    "slide-right": "slideright",
    "slide-up": "slideup",
    "slide-down": "slidedown",
    "zoom": "zoomin",
    "zoom-out": "fade",
    "pop": "zoomin",
}


def transition_name(word: str) -> str:
    """A transition's own name, from that or an alias, in any case and with or without dashes.

    Raises:
        ValueError: there is none of that name.
    """
    plain = word.lower().replace("-", "").replace("_", "").replace(" ", "")
    if plain not in _BY_PLAIN_NAME:
        raise ValueError(f'there is no transition "{word[:64]}"')
    return _BY_PLAIN_NAME[plain]


def xfade_name(name: str) -> str:
    """What libavfilter's `xfade` calls the transition between two pictures."""
    return _PAIRED.get(name, name)
