"""How large a composition may be."""

from __future__ import annotations

MAX_SIDE = 4096
"""Pixels of the canvas, each way."""

MAX_PIXELS = 4096 * 2304
"""Pixels of the canvas in all: DCI 4K and a little more; an 8K canvas is refused."""

MAX_FPS = 120
MAX_DURATION_S = 4 * 3600.0
MAX_LAYERS = 500
"""In all, those in groups included."""

MAX_LAYERS_OF_ROWS = 5000
"""In all compositions that rows of variables make."""

MAX_DEPTH = 8
"""Groups in groups."""

MAX_TEXT = 5000
"""Characters of one text."""

MAX_CUES = 10_000
MAX_WORDS = 200
"""Words of one cue."""

MAX_KEYFRAMES = 1000
"""Of one property."""

MAX_POINTS = 1000
"""Of one polygon."""

MAX_PATH_DATA = 20_000
"""Characters of one SVG path."""

MAX_COLORS = 32
"""Of one gradient."""

MAX_FONTS = 50
MAX_SHADOWS = 8
MAX_SRC = 4096
MAX_ROWS = 100
"""Of variables, each of which is rendered."""

MAX_VARIABLES = 200
MAX_AUDIO = 100
"""Sounds beside a composition."""

MAX_PLACE = 100_000.0
"""Pixels that a place or size may be away from nothing."""
