"""A layer: one element with its open source, and the draw command of each frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.dynamic_fit import find_dynamic_fit, min_crop, needs_redraw
from ffmpeg_worker.raster.effects import Window, blur, clip_rounded
from ffmpeg_worker.raster.element_transitions import (
    TransitionProgress,
    move_in_transition,
    transition_opacity,
    transition_progress,
)
from ffmpeg_worker.raster.errors import locate_errors
from ffmpeg_worker.raster.source import OpenSource
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap
from ffmpeg_worker.raster.surfaces.placement import Placement, quantize_opacity
from ffmpeg_worker.raster.transform import Transform, compose, is_translation, rotate, scale_by, translate
from ffmpeg_worker.raster.xfade import TransitionMixer
from ffmpeg_worker.scene.curve import Curve, max_value, number_at
from ffmpeg_worker.scene.scene import Element, reads_file

_Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class BitmapDraw:
    """A command to draw a bitmap; equal to another one with the same bitmap object and placement."""

    bitmap: Bitmap
    placement: Placement


class Layer:
    """An element on a surface of `surface` pixels, with its source; call `close` when it is over."""

    def __init__(self, element: Element, surface: tuple[int, int], fps: float, open_source: OpenSource) -> None:
        self.element = element
        self.mixer = TransitionMixer()
        self._surface = surface
        self._fps = fps
        self._source_size = _source_size(element, surface)
        self._source = open_source(element, self._source_size)
        self._fit = find_dynamic_fit(element)
        with locate_errors(element.where, reads_file=reads_file(element.content)):
            own: tuple[int, int] | None = getattr(self._source, "own_size", None) if self._fit else None
        if self._fit and own:
            self._source_size = self._fit.source_size(own, surface)
            self._source.close()
            self._source = open_source(self._fit.unfitted, self._source_size)
        self._resize = getattr(self._source, "resize", None) if needs_redraw(element) else None
        lengths = (element.x, element.y, element.width, element.height, *(element.crop or ()))
        self._is_still = not any(isinstance(part, Curve) for part in (*lengths, element.scale, element.rotation))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def make_command(self, frame: int, *, enters: bool = True, leaves: bool = True) -> BitmapDraw | None:
        """Return the draw command of a frame; `None` if nothing is visible.

        `enters` and `leaves`: whether the transitions at the start and end of the element are applied.
        """
        element = self.element
        time = (frame - element.first) / self._fps
        opacity = min(max(number_at(element.opacity, time), 0.0), 1.0)
        transitions = self._transitions(frame, enters=enters, leaves=leaves)
        for transition in transitions:
            opacity *= transition_opacity(transition)
        if not quantize_opacity(opacity):
            return None
        bitmap = self._render(time)
        if bitmap is None:
            return None
        window = self._window(bitmap, time)
        box = self._box(window, time)
        if self._fit:
            window = self._fit.window(window, box)
        transform = self._transform(window, box, time)
        shown = self._clip(bitmap, window, box, time)
        for transition in transitions:
            if TRANSITIONS[transition.name].drawn_by == "element":
                transform = self._move(transform, transition, window)
            else:
                mixed = self.mixer.mix_with_nothing(
                    shown, transition.name, transition.progress, is_leaving=transition.is_leaving
                )
                if mixed is None:
                    return None
                shown = mixed
        sigma = max(number_at(element.blur, time), 0.0)
        shown, from_blurred = blur(shown, self._to_bitmap_pixels(sigma, window, box))
        return BitmapDraw(shown, Placement(compose(from_blurred, transform), opacity, element.blend))

    def _render(self, time: float) -> Bitmap | None:
        if self._resize:
            across, down = self._box((0, 0, 1, 1), time)
            self._resize((max(round(across), 1), max(round(down), 1)))
        with locate_errors(self.element.where, reads_file=reads_file(self.element.content)):
            return self._source.render(time)

    def _transitions(self, frame: int, *, enters: bool, leaves: bool) -> list[TransitionProgress]:
        element, active = self.element, []
        if enters and element.enter and frame < element.first + element.enter.frames:
            active.append(transition_progress(element.enter, frame - element.first, is_leaving=False))
        if leaves and element.leave and frame >= element.last - element.leave.frames:
            begin = element.last - element.leave.frames
            active.append(transition_progress(element.leave, frame - begin, is_leaving=True))
        return active

    def _window(self, bitmap: Bitmap, time: float) -> Window:
        """Return the part of the bitmap that fills the element's box."""
        left = top = 0
        width, height = bitmap.size
        if isinstance(bitmap, RgbaBitmap):
            # Shadows of text extend beyond its box, and a bitmap may cover only a part of the box.
            (left, top), (width, height) = bitmap.offset, self._source.size
        if self.element.crop is None:
            return -left, -top, width - left, height - top
        x, y, across, down = (min(max(number_at(part, time), 0.0), 1.0) for part in self.element.crop)
        across, down = max(min(across, 1 - x), 1 / width), max(min(down, 1 - y), 1 / height)
        return x * width - left, y * height - top, (x + across) * width - left, (y + down) * height - top

    def _box(self, window: Window, time: float) -> _Size:
        """Return the element's size; text is never stretched, and one length alone keeps the aspect ratio."""
        element = self.element
        own = _window_size(window)
        if element.content.kind in {"text", "subtitles"}:
            return own
        width = None if element.width is None else number_at(element.width, time)
        height = None if element.height is None else number_at(element.height, time)
        if width is None and height is None:
            return own
        if width is None:
            return own[0] * (height or 0.0) / own[1], height or 0.0
        return width, own[1] * width / own[0] if height is None else height

    def _clip(self, bitmap: Bitmap, window: Window, box: _Size, time: float) -> Bitmap:
        radius = max(number_at(self.element.radius, time), 0.0)
        if self.element.crop is None and self._fit is None and not radius:
            return bitmap
        return clip_rounded(bitmap, window, self._to_bitmap_pixels(radius, window, box))

    @staticmethod
    def _to_bitmap_pixels(length: float, window: Window, box: _Size) -> tuple[float, float]:
        """Convert a length of the box to pixels of the bitmap, horizontally and vertically."""
        across, down = (window[2] - window[0]) / max(box[0], 1e-6), (window[3] - window[1]) / max(box[1], 1e-6)
        return length * across, length * down

    def _move(self, transform: Transform, transition: TransitionProgress, window: Window) -> Transform:
        """Apply a transition to the box, whose origin is the window's top left."""
        from_box = compose(translate(window[0], window[1]), transform)
        moved = move_in_transition(from_box, transition, _window_size(window), self._surface)
        return compose(translate(-window[0], -window[1]), moved)

    def _transform(self, window: Window, box: _Size, time: float) -> Transform:
        """Return the transform from bitmap to surface pixels, without transitions."""
        element = self.element
        own = _window_size(window)
        scale = max(number_at(element.scale, time), 0.0)
        stretch = (box[0] / own[0], box[1] / own[1])
        is_near = all(abs(b * scale - o) < 2 for b, o in zip(box, own, strict=True))
        if self._source_size and self._is_still and scale and is_near:
            # Sources round their size to whole, often even pixels, which does not justify resampling all of them.
            stretch = (1 / scale, 1 / scale)
            box = (own[0] / scale, own[1] / scale)
        left = number_at(element.x, time) - element.anchor[0] * box[0]
        top = number_at(element.y, time) - element.anchor[1] * box[1]
        transform = compose(compose(translate(-window[0], -window[1]), scale_by(*stretch)), translate(left, top))
        center = (left + box[0] / 2, top + box[1] / 2)
        transform = compose(transform, rotate(center, number_at(element.rotation, time), scale))
        if self._is_still and is_translation(transform):
            # The sums above turn halves into a little more or less; round them up in both cases.
            return translate(math.floor(transform[2] + 0.500001), math.floor(transform[5] + 0.500001))
        return transform


def _window_size(window: Window) -> _Size:
    return window[2] - window[0], window[3] - window[1]


def _source_size(element: Element, surface: tuple[int, int]) -> tuple[int, int] | None:
    """Return the size at which a source is opened: the largest at which it is shown, up to twice the surface."""
    if element.width is None or element.height is None:
        return None
    width, height = max_value(element.width), max_value(element.height)
    if element.content.kind in {"image", "video"}:
        across, down = (min_crop(element.crop[2]), min_crop(element.crop[3])) if element.crop else (1.0, 1.0)
        scale = max(max_value(element.scale), 1e-3)
        limit = max(2.0 * max(surface), width, height)
        scale = min(scale, limit / max(width / across, height / down, 1.0))
        width, height = width * scale / across, height * scale / down
    return max(round(width), 1), max(round(height), 1)
