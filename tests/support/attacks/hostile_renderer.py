"""A compromised renderer: it loads the same modules as any other, and then makes all attempts."""

from __future__ import annotations

import ffmpeg_worker.raster.renderer_program  # noqa: F401 - threads, libraries, descriptors: all that a renderer has
from support.attacks.hostile_program import serve

__all__ = ["serve"]
