"""Positions, sizes and crops of layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ffmpeg_worker.composition.layer_base import Crop, VisualLayer
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.curve import Curve, Number, max_value
from ffmpeg_worker.scene.reference_box import ReferenceBox, initial_value, resolve_number, scale_number

CropFractions = tuple[Number, Number, Number, Number]
"""x, y, width and height of a crop, as fractions of the content."""

_ROWS = {"top": 0.0, "bottom": 1.0}
_COLUMNS = {"left": 0.0, "right": 1.0}


@dataclass(frozen=True, slots=True)
class Box:
    """Position of the point `anchor` of a layer, and its size; `None` is the size of its content."""

    x: Number
    y: Number
    anchor: tuple[float, float]
    width: Number | None
    height: Number | None

    @property
    def initial_size(self) -> tuple[float, float] | None:
        """Width and height at the start, if both are known."""
        if self.width is None or self.height is None:
            return None
        return initial_value(self.width), initial_value(self.height)


def content_box(layer: VisualLayer, reference: ReferenceBox) -> Box:
    """Return the box of a layer that has the size of its content by default."""
    words = layer.anchor.split("-") if layer.anchor else None
    horizontal, vertical = (0.0, 0.0) if words is None else (0.5, 0.5)
    for word in words or ():
        horizontal, vertical = _COLUMNS.get(word, horizontal), _ROWS.get(word, vertical)
    return Box(
        x=reference.width / 2 if layer.x is None else reference.length(layer.x, reference.width),
        y=reference.height / 2 if layer.y is None else reference.length(layer.y, reference.height),
        anchor=(0.5 if layer.x is None else horizontal, 0.5 if layer.y is None else vertical),
        width=None if layer.width is None else reference.length(layer.width, reference.width),
        height=None if layer.height is None else reference.length(layer.height, reference.height),
    )


def canvas_box(layer: VisualLayer, reference: ReferenceBox, aspect: float | None = None) -> Box:
    """Return the box of a layer that fills the canvas by default.

    If only one of width and height is given, the other one keeps `aspect` (width divided by height); without
    `aspect` it is that of the canvas.
    """
    box = content_box(layer, reference)
    width, height = box.width, box.height
    if aspect is not None and width is not None and height is None:
        height = scale_number(width, 1 / aspect)
    elif aspect is not None and height is not None and width is None:
        width = scale_number(height, aspect)
    return replace(
        box,
        width=reference.width if width is None else width,
        height=reference.height if height is None else height,
    )


def resolve_crop(crop: Crop | None, size: tuple[float, float] | None, where: str) -> CropFractions | None:
    """Return the visible part of a content as fractions of it.

    Args:
        crop: as the composition has it.
        size: width and height of the content; pixels refer to it.
        where: JSON path of the layer.

    Raises:
        InvalidJob: the crop is empty or exceeds the content, or has pixels where the size is unknown.
    """
    if crop is None:
        return None
    whole_width, whole_height = size or (None, None)
    x, width = _share(crop.x, whole_width, where), _share(crop.width, whole_width, where)
    y, height = _share(crop.y, whole_height, where), _share(crop.height, whole_height, where)
    if "width" not in crop.model_fields_set:
        width = 1 - max_value(x)
    if "height" not in crop.model_fields_set:
        height = 1 - max_value(y)
    _check_inside(x, width, where)
    _check_inside(y, height, where)
    return x, y, width, height


def aspect_ratio(size: tuple[float, float], crop: CropFractions | None) -> float:
    """Return width divided by height of the visible part."""
    width, height = size
    return width / height if crop is None else (width * initial_value(crop[2])) / (height * initial_value(crop[3]))


def _share(value: Any, whole: float | None, where: str) -> Number:
    def read(one: float | Percent) -> float:
        if isinstance(one, Percent):
            return one.value / 100
        if not one:
            return 0.0
        if whole is None:
            raise InvalidJob(
                "A crop in pixels needs a layer of known size.",
                code="crop_without_size",
                hint="Write it in percent.",
                where={"field": f"{where}.crop"},
            )
        return one / whole

    return resolve_number(value, read)


def _check_inside(start: Number, length: Number, where: str) -> None:
    is_still = not isinstance(start, Curve) and not isinstance(length, Curve)
    if initial_value(length) <= 0 or (is_still and initial_value(start) + initial_value(length) > 1.001):
        raise InvalidJob(
            "The crop exceeds the picture.",
            code="crop_outside",
            hint="The left edge plus the width must be at most 100%, and so must the top edge plus the height.",
            where={"field": f"{where}.crop"},
        )
