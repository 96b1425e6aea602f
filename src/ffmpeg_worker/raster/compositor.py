"""A scene's frames, drawn one after the other."""

from __future__ import annotations

from ffmpeg_worker.raster.active_elements import ActiveElements, DrawCommand, paint
from ffmpeg_worker.raster.layer import BitmapDraw, OpenSource
from ffmpeg_worker.raster.surfaces.patch import hides
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.xfade import Surface
from ffmpeg_worker.scene.scene import Scene


class Compositor:
    """Draws frames of a scene: opaque planes, or, `transparent`, red, green, blue and opacity. `close` it.

    Width and height of an opaque scene are even. Raises what `open_source` and the sources raise.
    """

    def __init__(self, scene: Scene, open_source: OpenSource, *, transparent: bool = False) -> None:
        self._scene = scene
        self._stage = ActiveElements(
            scene.elements, (scene.width, scene.height), scene.fps[0] / scene.fps[1], open_source
        )
        kind = RgbaSurface if transparent else YuvSurface
        self._surfaces: list[Surface] = [kind(scene.width, scene.height) for _ in range(3)]
        self._last: list[DrawCommand] | None = None
        self.unchanged = False
        """Whether the last frame drawn is the one before it, on the same surface."""

    def close(self) -> None:
        """Close every source that is open."""
        self._stage.close()

    def look_ahead(self, frame: int, at_once: int) -> None:
        """See `ActiveElements.look_ahead`."""
        self._stage.look_ahead(frame, at_once)

    def draw(self, frame: int) -> Surface:
        """The surface with a frame; what is on it stays until the next but one frame is drawn."""
        acts = self._stage.acts(frame)
        front, back, spare = self._surfaces
        self.unchanged = acts == self._last
        if self.unchanged:
            return front
        self._last = acts
        hidden = _hidden(acts, back)
        if not hidden:
            back.fill(self._scene.background)
        paint(acts[max(hidden - 1, 0) :], back, spare)
        self._surfaces = [back, front, spare]
        return back


def _hidden(acts: list[DrawCommand], surface: Surface) -> int:
    """How many acts go by before nothing of the background, or of them but the last one, is seen."""
    for index in range(len(acts) - 1, -1, -1):
        act = acts[index]
        if isinstance(act, BitmapDraw) and hides(act.picture, act.place, (surface.width, surface.height)):
            return index + 1
    return 0
