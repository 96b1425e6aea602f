"""One element while it is shown: its picture and its place at each frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ffmpeg_worker.raster.dynamic_fit import find_dynamic_fit, is_redrawn
from ffmpeg_worker.raster.effects import Window, blurred, windowed
from ffmpeg_worker.raster.element_transitions import TransitionProgress, moved, opacity_of, passage
from ffmpeg_worker.raster.errors import RasterError, out_of_memory
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap, Source
from ffmpeg_worker.raster.surfaces.patch import eighth_bit
from ffmpeg_worker.raster.transform import Matrix, Place, at, scaled, then, turned
from ffmpeg_worker.raster.xfade import Mixer
from ffmpeg_worker.scene.curve import Curve, Number, greatest, number_at
from ffmpeg_worker.scene.scene import Element
from ffmpeg_worker.scene.transitions import PLACED

OpenSource = Callable[[Element, tuple[int, int] | None], Source]
"""Opens what an element shows, at a size in pixels; `None`: at its own."""

Size = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class BitmapDraw:
    """A picture and where it is put."""

    picture: Bitmap
    place: Place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BitmapDraw) and other.picture is self.picture and other.place == self.place

    __hash__ = None  # type: ignore[assignment]


class Layer:
    """An element of a surface of `surface` pixels, opened; `close` it."""

    def __init__(self, element: Element, surface: tuple[int, int], fps: float, open_source: OpenSource) -> None:
        self.element = element
        self.mixer = Mixer()
        self._surface = surface
        self._fps = fps
        self._asked = opened_size(element, surface)
        self._source = open_source(element, self._asked)
        self._framing = find_dynamic_fit(element)
        own: tuple[int, int] | None = getattr(self._source, "own_size", None) if self._framing else None
        if self._framing and own:
            self._asked = self._framing.size(own, surface)
            self._source.close()
            self._source = open_source(self._framing.unfitted, self._asked)
        self._resize = getattr(self._source, "resize", None) if is_redrawn(element) else None
        lengths = (element.x, element.y, element.width, element.height, *(element.crop or ()))
        self._is_still = not any(isinstance(part, Curve) for part in (*lengths, element.scale, element.rotation))

    def close(self) -> None:
        """Free what it holds."""
        self._source.close()

    def drawing(self, frame: int, *, enters: bool = True, leaves: bool = True) -> BitmapDraw | None:
        """What is drawn at a frame, `None` for nothing; without its way in, or out, if that is not wanted."""
        element = self.element
        time = (frame - element.first) / self._fps
        opacity = min(max(number_at(element.opacity, time), 0.0), 1.0)
        ways = self._ways(frame, enters=enters, leaves=leaves)
        for way in ways:
            opacity *= opacity_of(way)
        if not eighth_bit(opacity):
            return None
        picture = self._picture(time)
        if picture is None:
            return None
        window = self._window(picture, time)
        box = self._box(window, time)
        if self._framing:
            window = self._framing.window(window, box)
        matrix = self._matrix(window, box, time)
        shown = self._shown(picture, window, box, time)
        for way in ways:
            if way.name in PLACED:
                # The window's corner is the box' corner.
                origin = at(window[0], window[1])
                inner = (window[2] - window[0], window[3] - window[1])
                matrix = then(at(-window[0], -window[1]), moved(then(origin, matrix), way, inner, self._surface))
            else:
                come = self.mixer.coming(shown, way.name, way.share, leaves=way.leaves)
                if come is None:
                    return None
                shown = come
        sigma = max(number_at(element.blur, time), 0.0)
        shown, grown = blurred(shown, self._in_picture(sigma, window, box))
        return BitmapDraw(shown, Place(then(grown, matrix), opacity, element.blend))

    def _picture(self, time: float) -> Bitmap | None:
        """What the source shows. Raises: RasterError."""
        if self._resize:
            across, down = self._box((0, 0, 1, 1), time)
            self._resize((max(round(across), 1), max(round(down), 1)))
        try:
            return self._source.picture(time)
        except RasterError as error:
            error.where = error.where or self.element.where
            raise
        except MemoryError:
            raise out_of_memory(self.element.where) from None

    def _ways(self, frame: int, *, enters: bool, leaves: bool) -> list[TransitionProgress]:
        element, found = self.element, []
        if enters and element.enter and frame < element.first + element.enter.frames:
            found.append(passage(element.enter, frame - element.first, leaves=False))
        if leaves and element.leave and frame >= element.last - element.leave.frames:
            begin = element.last - element.leave.frames
            found.append(passage(element.leave, frame - begin, leaves=True))
        return found

    def _window(self, picture: Bitmap, time: float) -> Window:
        """The part of the picture that fills the box."""
        left = top = 0
        width, height = picture.size
        if isinstance(picture, RgbaBitmap):
            # Letters' shadows reach beyond their box, and a tile may cover a part of it alone.
            (left, top), (width, height) = picture.offset, self._source.size
        if self.element.crop is None:
            return -left, -top, width - left, height - top
        x, y, across, down = (min(max(number_at(part, time), 0.0), 1.0) for part in self.element.crop)
        across, down = max(min(across, 1 - x), 1 / width), max(min(down, 1 - y), 1 / height)
        return x * width - left, y * height - top, (x + across) * width - left, (y + down) * height - top

    def _box(self, window: Window, time: float) -> Size:
        """The element's size; text is never stretched, and one length alone keeps the shape."""
        element = self.element
        own = (window[2] - window[0], window[3] - window[1])
        if element.content.kind in {"text", "subtitles"}:
            return own
        width = None if element.width is None else number_at(element.width, time)
        height = None if element.height is None else number_at(element.height, time)
        if width is None and height is None:
            return own
        if width is None:
            return own[0] * (height or 0.0) / own[1], height or 0.0
        return width, own[1] * width / own[0] if height is None else height

    def _shown(self, picture: Bitmap, window: Window, box: Size, time: float) -> Bitmap:
        radius = max(number_at(self.element.radius, time), 0.0)
        if self.element.crop is None and self._framing is None and not radius:
            return picture
        return windowed(picture, window, self._in_picture(radius, window, box))

    @staticmethod
    def _in_picture(length: float, window: Window, box: Size) -> tuple[float, float]:
        """A length of the box, in pixels of the picture across and down."""
        across, down = (window[2] - window[0]) / max(box[0], 1e-6), (window[3] - window[1]) / max(box[1], 1e-6)
        return length * across, length * down

    def _matrix(self, window: Window, box: Size, time: float) -> Matrix:
        """From the picture's pixels to the surface's, without transitions."""
        element = self.element
        own = (window[2] - window[0], window[3] - window[1])
        scale = max(number_at(element.scale, time), 0.0)
        more = (box[0] / own[0], box[1] / own[1])
        nearly = all(abs(b * scale - o) < 2 for b, o in zip(box, own, strict=True))
        if self._asked and self._is_still and scale and nearly:
            # Sources round to whole, often even pixels; that is no reason to interpolate every one of them.
            more = (1 / scale, 1 / scale)
            box = (own[0] / scale, own[1] / scale)
        left = number_at(element.x, time) - element.anchor[0] * box[0]
        top = number_at(element.y, time) - element.anchor[1] * box[1]
        matrix = then(then(at(-window[0], -window[1]), scaled(*more)), at(left, top))
        middle = (left + box[0] / 2, top + box[1] / 2)
        matrix = then(matrix, turned(scale, number_at(element.rotation, time), middle))
        if self._is_still and Place(matrix).is_shift:
            # Halves come out of the sums above a little less or more than that, and are rounded up all the same.
            return at(math.floor(matrix[2] + 0.500001), math.floor(matrix[5] + 0.500001))
        return matrix


def opened_size(element: Element, surface: tuple[int, int]) -> tuple[int, int] | None:
    """The size at which a source is asked for: the largest it is shown at, within reason."""
    if element.width is None or element.height is None:
        return None
    width, height = greatest(element.width), greatest(element.height)
    if element.content.kind in {"image", "video"}:
        across, down = (_least(element.crop[2]), _least(element.crop[3])) if element.crop else (1.0, 1.0)
        more = max(greatest(element.scale), 1e-3)
        limit = max(2.0 * max(surface), width, height)
        more = min(more, limit / max(width / across, height / down, 1.0))
        width, height = width * more / across, height * more / down
    return max(round(width), 1), max(round(height), 1)


def _least(share: Number) -> float:
    least = min(key.value[0] for key in share.keys) if isinstance(share, Curve) else share
    return min(max(least, 0.05), 1.0)
