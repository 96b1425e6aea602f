"""Fits content at each frame, for elements with a crop or a box whose aspect ratio changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ffmpeg_worker.raster.effects import Window
from ffmpeg_worker.scene.content import ImageContent, ShapeContent, VideoContent
from ffmpeg_worker.scene.curve import Curve, Number, max_value
from ffmpeg_worker.scene.scene import Element


@dataclass(frozen=True, slots=True)
class DynamicFit:
    """Fits an element's content into its box anew at each frame."""

    element: Element
    content: ImageContent | VideoContent
    width: Number
    height: Number

    @property
    def unfitted(self) -> Element:
        """The element with content that is not fitted when its source is opened."""
        return replace(self.element, content=replace(self.content, fit="fill"))

    def source_size(self, own: tuple[int, int], surface: tuple[int, int]) -> tuple[int, int]:
        """Return the size at which to open the whole content, whose own size is `own`."""
        crop = self.element.crop
        across, down = (min_crop(crop[2]), min_crop(crop[3])) if crop else (1.0, 1.0)
        scales = max_value(self.width) / (own[0] * across), max_value(self.height) / (own[1] * down)
        wanted = max(scales) if self.content.fit == "cover" else min(scales)
        # Anything larger than twice the surface is enlarged while it is drawn.
        max_scale = max(2.0 * max(surface) / max(own), 1.0)
        scale = min(wanted * max(max_value(self.element.scale), 1e-3), max_scale)
        return max(round(own[0] * scale), 1), max(round(own[1] * scale), 1)

    def window(self, window: Window, box: tuple[float, float]) -> Window:
        """Return the part of the bitmap that fills a box: less than `window` for `cover`, more for `contain`."""
        left, top, right, bottom = window
        width, height = right - left, bottom - top
        is_wider = width * box[1] > height * box[0]
        if is_wider == (self.content.fit == "cover"):
            middle, half = (left + right) / 2, height * box[0] / max(box[1], 1e-6) / 2
            return middle - half, top, middle + half, bottom
        middle, half = (top + bottom) / 2, width * box[1] / max(box[0], 1e-6) / 2
        return left, middle - half, right, middle + half


def find_dynamic_fit(element: Element) -> DynamicFit | None:
    """Return the fit per frame of an element; `None` if its content can be fitted once, when it is opened."""
    content, width, height = element.content, element.width, element.height
    if not isinstance(content, ImageContent | VideoContent) or content.fit not in {"cover", "contain"}:
        return None
    if width is None or height is None or (element.crop is None and _keep_aspect_ratio(width, height)):
        return None
    return DynamicFit(element, content, width, height)


def needs_redraw(element: Element) -> bool:
    """Whether a shape must be drawn in each size, as its corner radius or stroke width does not scale with it."""
    content = element.content
    if not isinstance(content, ShapeContent) or content.shape not in {"rect", "ellipse"}:
        return False
    is_resized = isinstance(element.width, Curve) or isinstance(element.height, Curve)
    return is_resized and bool(content.radius or content.stroke)


def min_crop(share: Number) -> float:
    """Return the smallest visible share of a content's width or height, at least 0.05."""
    smallest = min(key.value[0] for key in share.keys) if isinstance(share, Curve) else share
    return min(max(smallest, 0.05), 1.0)


def _keep_aspect_ratio(width: Number, height: Number) -> bool:
    if not isinstance(width, Curve) or not isinstance(height, Curve):
        return not isinstance(width, Curve) and not isinstance(height, Curve)
    if [(key.time, key.easing) for key in width.keys] != [(key.time, key.easing) for key in height.keys]:
        return False
    ratios = [a.value[0] / max(b.value[0], 1e-6) for a, b in zip(width.keys, height.keys, strict=True)]
    return max(ratios) - min(ratios) < 1e-3 * max(ratios)
