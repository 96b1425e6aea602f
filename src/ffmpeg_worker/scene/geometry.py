"""Where layers lie and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.composition.layer_base import Crop, VisualLayer
from ffmpeg_worker.composition.values import Percent
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.curve import Curve, Number, greatest
from ffmpeg_worker.scene.reference_box import ReferenceBox, first_value, read_number, times

Shares = tuple[Number, Number, Number, Number]
_ROWS = {"top": 0.0, "bottom": 1.0}
_COLUMNS = {"left": 0.0, "right": 1.0}


@dataclass(frozen=True, slots=True)
class Box:
    """Where the point `anchor` of a layer lies, and how large it is (`None`: as its content)."""

    x: Number
    y: Number
    anchor: tuple[float, float]
    width: Number | None
    height: Number | None

    @property
    def first_size(self) -> tuple[float, float] | None:
        """Width and height at the start, if both are known."""
        if self.width is None or self.height is None:
            return None
        return first_value(self.width), first_value(self.height)

    @property
    def first_corner(self) -> tuple[float, float] | None:
        """Where the top left corner lies at the start, if the size is known."""
        size = self.first_size
        if size is None:
            return None
        return (
            first_value(self.x) - self.anchor[0] * size[0],
            first_value(self.y) - self.anchor[1] * size[1],
        )


def own_size_box(layer: VisualLayer, room: ReferenceBox) -> Box:
    """The box of what is as large as its content, where the layer does not say otherwise."""
    width = None if layer.width is None else room.across(layer.width)
    height = None if layer.height is None else room.down(layer.height)
    return _placed(layer, room, width, height)


def filling_box(layer: VisualLayer, room: ReferenceBox, aspect: float | None = None) -> Box:
    """The box of what fills the canvas.

    With one of width and height the other follows `aspect` (width by height), or is the canvas' without.
    """
    width = None if layer.width is None else room.across(layer.width)
    height = None if layer.height is None else room.down(layer.height)
    if aspect is not None and width is not None and height is None:
        height = times(width, 1 / aspect)
    if aspect is not None and height is not None and width is None:
        width = times(height, aspect)
    return _placed(layer, room, room.width if width is None else width, room.height if height is None else height)


def _placed(layer: VisualLayer, room: ReferenceBox, width: Number | None, height: Number | None) -> Box:
    words = layer.anchor.split("-") if layer.anchor else None
    across, down = (0.0, 0.0) if words is None else (0.5, 0.5)
    for word in words or ():
        across, down = _COLUMNS.get(word, across), _ROWS.get(word, down)
    return Box(
        x=room.width / 2 if layer.x is None else room.across(layer.x),
        y=room.height / 2 if layer.y is None else room.down(layer.y),
        anchor=(0.5 if layer.x is None else across, 0.5 if layer.y is None else down),
        width=width,
        height=height,
    )


def read_crop(crop: Crop, size: tuple[float, float] | None, where: str) -> Shares:
    """What is shown of a content, as shares of it; pixels are of `size`.

    Raises:
        InvalidJob: nothing is left, or it reaches out of the content, or pixels of something without a size.
    """
    x, y = _share(crop.x, size and size[0], where), _share(crop.y, size and size[1], where)
    width, height = _share(crop.width, size and size[0], where), _share(crop.height, size and size[1], where)
    if "width" not in crop.model_fields_set:
        width = 1 - greatest(x)
    if "height" not in crop.model_fields_set:
        height = 1 - greatest(y)
    _check_inside(x, width, where)
    _check_inside(y, height, where)
    return x, y, width, height


def aspect_of(size: tuple[float, float], crop: Shares | None) -> float:
    """Width by height of what is shown."""
    width, height = size
    return width / height if crop is None else (width * first_value(crop[2])) / (height * first_value(crop[3]))


def _share(value: Any, whole: float | None, where: str) -> Number:
    def read(one: float | Percent) -> float:
        if isinstance(one, Percent):
            return one.value / 100
        if not one:
            return 0.0
        if whole is None:
            raise InvalidJob(
                "A crop in pixels needs a layer whose size is known.",
                code="crop_without_size",
                hint="Give it in percent.",
                where={"field": f"{where}.crop"},
            )
        return one / whole

    return read_number(value, read)


def _check_inside(start: Number, length: Number, where: str) -> None:
    is_still = not isinstance(start, Curve) and not isinstance(length, Curve)
    if first_value(length) <= 0 or (is_still and first_value(start) + first_value(length) > 1.001):
        raise InvalidJob(
            "The crop reaches out of the picture.",
            code="crop_outside",
            hint="The left edge and the width together are at most 100%, and so are the top edge and the height.",
            where={"field": f"{where}.crop"},
        )
