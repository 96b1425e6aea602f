"""Draws the frames of a scene."""

from __future__ import annotations

from ffmpeg_worker.raster.active_elements import ActiveElements, DrawCommand, run_commands
from ffmpeg_worker.raster.layer import BitmapDraw
from ffmpeg_worker.raster.source import OpenSource
from ffmpeg_worker.raster.surfaces.patch import replaces_surface
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.xfade import Surface
from ffmpeg_worker.scene.scene import Scene


class Compositor:
    """Draws frames of a scene onto opaque YUV surfaces, or RGBA surfaces if `transparent`; `close` it at the end.

    Width and height of an opaque scene are even. Raises what `open_source` and the sources raise.
    """

    def __init__(self, scene: Scene, open_source: OpenSource, *, transparent: bool = False) -> None:
        self._background = scene.background
        size = (scene.width, scene.height)
        self._elements = ActiveElements(scene.elements, size, scene.fps[0] / scene.fps[1], open_source)
        surface_type = RgbaSurface if transparent else YuvSurface
        self._surfaces: list[Surface] = [surface_type(*size) for _ in range(3)]
        self._last: list[DrawCommand] | None = None

    def close(self) -> None:
        """Close all open sources."""
        self._elements.close()

    def decode_ahead(self, frame: int, threads: int) -> None:
        """Decode the videos of a frame in parallel; see `ActiveElements.decode_ahead`."""
        self._elements.decode_ahead(frame, threads)

    def draw(self, frame: int) -> Surface:
        """Draw a frame, or return the surface of the last one if they are equal.

        The surface keeps it until two more frames are drawn.
        """
        commands = self._elements.list_commands(frame)
        front, back, spare = self._surfaces
        if commands == self._last:
            return front
        self._last = commands
        hidden = _count_hidden(commands, back)
        if not hidden:
            back.fill(self._background)
        run_commands(commands[max(hidden - 1, 0) :], back, spare)
        self._surfaces = [back, front, spare]
        return back


def _count_hidden(commands: list[DrawCommand], surface: Surface) -> int:
    """Return the number of commands up to the last one that replaces the whole surface, or 0."""
    for index in range(len(commands) - 1, -1, -1):
        command = commands[index]
        if isinstance(command, BitmapDraw) and replaces_surface(
            command.bitmap, command.placement, (surface.width, surface.height)
        ):
            return index + 1
    return 0
