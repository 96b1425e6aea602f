"""Pictures that no one size fits: their box changes its shape, or they fill it only after they are cropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ffmpeg_worker.raster.effects import Window
from ffmpeg_worker.scene.curve import Curve, Number, greatest
from ffmpeg_worker.scene.scene import Element, ImageContent, ShapeContent, VideoContent


@dataclass(frozen=True, slots=True)
class DynamicFit:
    """How the part of a picture is found that is shown in a box, at each frame anew."""

    element: Element
    content: ImageContent | VideoContent
    width: Number
    height: Number

    @property
    def unfitted(self) -> Element:
        """The element whose picture is not cut to its box when it is opened."""
        return replace(self.element, content=replace(self.content, fit="fill"))

    def size(self, own: tuple[int, int], surface: tuple[int, int]) -> tuple[int, int]:
        """The size at which the whole picture, which is `own` pixels large, is asked for."""
        crop = self.element.crop
        across, down = (_least(crop[2]), _least(crop[3])) if crop else (1.0, 1.0)
        scales = greatest(self.width) / (own[0] * across), greatest(self.height) / (own[1] * down)
        wanted = max(scales) if self.content.fit == "cover" else min(scales)
        # What is larger than two surfaces is enlarged when it is drawn.
        most = max(2.0 * max(surface) / max(own), 1.0)
        scale = min(wanted * max(greatest(self.element.scale), 1e-3), most)
        return max(round(own[0] * scale), 1), max(round(own[1] * scale), 1)

    def window(self, window: Window, box: tuple[float, float]) -> Window:
        """The part of the picture that fills a box: less than the window for `cover`, more for `contain`."""
        left, top, right, bottom = window
        width, height = right - left, bottom - top
        is_wider = width * box[1] > height * box[0]
        if is_wider == (self.content.fit == "cover"):
            middle, half = (left + right) / 2, height * box[0] / max(box[1], 1e-6) / 2
            return middle - half, top, middle + half, bottom
        middle, half = (top + bottom) / 2, width * box[1] / max(box[0], 1e-6) / 2
        return left, middle - half, right, middle + half


def find_dynamic_fit(element: Element) -> DynamicFit | None:
    """What finds the part that is shown, `None` where one size fits."""
    content, width, height = element.content, element.width, element.height
    if not isinstance(content, ImageContent | VideoContent) or content.fit not in {"cover", "contain"}:
        return None
    if width is None or height is None or (element.crop is None and _keep_shape(width, height)):
        return None
    return DynamicFit(element, content, width, height)


def is_redrawn(element: Element) -> bool:
    """Whether a shape has to be drawn in each size: its corners and its line stay as they are when it grows."""
    content = element.content
    if not isinstance(content, ShapeContent) or content.shape not in {"rect", "ellipse"}:
        return False
    is_growing = isinstance(element.width, Curve) or isinstance(element.height, Curve)
    return is_growing and bool(content.radius or content.stroke)


def _keep_shape(width: Number, height: Number) -> bool:
    """Whether one is always the same multiple of the other."""
    if not isinstance(width, Curve) or not isinstance(height, Curve):
        return not isinstance(width, Curve) and not isinstance(height, Curve)
    if [(key.time, key.easing) for key in width.keys] != [(key.time, key.easing) for key in height.keys]:
        return False
    ratios = [a.value[0] / max(b.value[0], 1e-6) for a, b in zip(width.keys, height.keys, strict=True)]
    return max(ratios) - min(ratios) < 1e-3 * max(ratios)


def _least(share: Number) -> float:
    least = min(key.value[0] for key in share.keys) if isinstance(share, Curve) else share
    return min(max(least, 0.05), 1.0)
