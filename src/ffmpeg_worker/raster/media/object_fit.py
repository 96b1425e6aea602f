"""Fits content of one size into a box of another, as CSS `object-fit` does."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.composition.choices import Fit

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction: the visible range of the content (0 to 1), and its start and end in the box, in pixels."""

    visible: tuple[float, float]
    target: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ObjectFit:
    """Both directions of content in its box."""

    x: Axis
    y: Axis
    box: Size

    @property
    def fills_box(self) -> bool:
        """Whether the content covers the box."""
        return self.x.target == (0.0, float(self.box[0])) and self.y.target == (0.0, float(self.box[1]))


def fit_content(fit: Fit, content: Size, box: Size) -> ObjectFit:
    """Fit content into a box; `contain-blur` is fitted like `contain`."""
    across, down = object_fit_scales(fit, content, box)
    return ObjectFit(_fit_axis(content[0] * across, box[0]), _fit_axis(content[1] * down, box[1]), box)


def object_fit_scales(fit: Fit, content: tuple[float, float], box: Size) -> tuple[float, float]:
    """Return the horizontal and vertical scale of content."""
    across, down = box[0] / content[0], box[1] / content[1]
    if fit == "fill":
        return across, down
    if fit == "none":
        return 1.0, 1.0
    if fit == "cover":
        return (max(across, down),) * 2
    return (min(across, down, 1.0 if fit == "scale-down" else float("inf")),) * 2


def _fit_axis(length: float, box: int) -> Axis:
    # Differences below a hundredth of a pixel are rounding errors: neither a bar nor a crop.
    if length > box + 0.01:
        hidden = (1 - box / length) / 2
        return Axis((hidden, 1 - hidden), (0.0, float(box)))
    if length < box - 0.01:
        return Axis((0.0, 1.0), ((box - length) / 2, (box + length) / 2))
    return Axis((0.0, 1.0), (0.0, float(box)))


@dataclass(frozen=True, slots=True)
class Span:
    """One direction in whole pixels: `crop` (start, length) of the content is scaled to `scaled` pixels.

    Of these, `length` pixels from `offset` on are shown at position `start` of the box.
    """

    crop: tuple[int, int]
    scaled: int
    offset: int
    start: int
    length: int

    @property
    def target(self) -> slice:
        """The pixels of the box."""
        return slice(self.start, self.start + self.length)


def snap_to_pixels(axis: Axis, content: int, box: int) -> Span:
    """Round a direction to even pixels, as 4:2:0 needs, without changing its scale.

    The crop includes the visible range and up to two pixels more on both sides, which are cut after scaling.
    """
    start = min(_round_to_even(axis.target[0]), box - 2)
    end = min(max(_round_to_even(axis.target[1]), start + 2), box)
    length = end - start
    if axis.visible == (0.0, 1.0):
        return Span((0, content), length, 0, start, length)
    first, last = axis.visible[0] * content, axis.visible[1] * content
    begin = int(first // 2) * 2
    stop = min(-int(-last // 2) * 2, content)
    scale = length / (last - first)
    scaled = max(_round_to_even((stop - begin) * scale), length)
    offset = min(max(_round_to_even((first - begin) * scale), 0), scaled - length)
    return Span((begin, stop - begin), scaled, offset, start, length)


def _round_to_even(value: float) -> int:
    return int(value / 2 + 0.5) * 2
