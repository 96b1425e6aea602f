"""Limits of compositions."""

from __future__ import annotations

MAX_SIDE = 4096
"""Pixels of width and of height of the canvas."""

MAX_PIXELS = 4096 * 2304
"""Pixels of the canvas: DCI 4K and a little more; 8K is refused."""

MAX_FPS = 120
MAX_DURATION_S = 4 * 3600.0
MAX_LAYERS = 500
"""Layers of a composition, including those of groups."""

MAX_LAYERS_OF_ROWS = 5000
"""Layers of all compositions that rows of variables make."""

MAX_DEPTH = 8
"""Levels of nested groups."""

MAX_TEXT = 5000
"""Characters of a text."""

MAX_CUES = 10_000
MAX_WORDS = 200
"""Words of a cue."""

MAX_KEYFRAMES = 1000
"""Keyframes of a field."""

MAX_POINTS = 1000
"""Points of a polygon."""

MAX_PATH_DATA = 20_000
"""Characters of SVG path data."""

MAX_COLORS = 32
"""Colors of a gradient."""

MAX_FONTS = 50
MAX_SHADOWS = 8
MAX_SRC = 4096
MAX_ROWS = 100
"""Rows of variables; each is rendered."""

MAX_VARIABLES = 200
MAX_AUDIO = 100
"""Sounds in the `audio` field beside a composition."""

MAX_PLACE = 100_000.0
"""Absolute value of positions and sizes, in pixels."""
