"""Sizes of pictures: how one fits into another, as numbers in pixels."""

from __future__ import annotations

from ffmpeg_worker.planning.presets.parameter_types import Place

Size = tuple[int, int]


def even(length: float) -> int:
    """The nearest even number of pixels, which 4:2:0 video needs; at least 2."""
    return max(2, 2 * round(length / 2))


def even_size(size: Size) -> Size:
    """A size with even sides."""
    return even(size[0]), even(size[1])


def scaled(size: Size, width: int | None, height: int | None) -> Size:
    """The size that a picture has with this width, this height, or both; the side that is not given follows."""
    if width is not None and height is not None:
        return width, height
    if width is not None:
        return width, max(1, round(size[1] * width / size[0]))
    if height is not None:
        return max(1, round(size[0] * height / size[1])), height
    return size


def scaled_even(size: Size, width: int | None, height: int | None) -> Size:
    """The same with even sides."""
    if width is not None and height is not None:
        return even(width), even(height)
    if width is not None:
        return even(width), even(size[1] * even(width) / size[0])
    if height is not None:
        return even(size[0] * even(height) / size[1]), even(height)
    return even_size(size)


def fit_inside(size: Size, box: Size) -> Size:
    """The largest even size of a picture that fits into a box."""
    factor = min(box[0] / size[0], box[1] / size[1])
    return min(even(size[0] * factor), box[0]), min(even(size[1] * factor), box[1])


def fill_outside(size: Size, box: Size) -> Size:
    """The smallest even size of a picture that covers a box."""
    factor = max(box[0] / size[0], box[1] / size[1])
    return max(even(size[0] * factor), box[0]), max(even(size[1] * factor), box[1])


def overlay_place(place: Place, margin: int) -> str:
    """Options `x` and `y` of the filter `overlay`."""
    x = f"{margin}" if place.endswith("left") else f"W-w-{margin}" if place.endswith("right") else "(W-w)/2"
    y = f"{margin}" if place.startswith("top") else f"H-h-{margin}" if place.startswith("bottom") else "(H-h)/2"
    return f"x={x}:y={y}"
