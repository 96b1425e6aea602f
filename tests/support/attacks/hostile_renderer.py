"""A renderer that somebody has taken over: everything is loaded as in any other, and then it tries everything."""

from __future__ import annotations

import ffmpeg_worker.raster.renderer_program  # noqa: F401 - threads, libraries, descriptors: all that a renderer has
from support.attacks.hostile_program import serve

__all__ = ["serve"]
