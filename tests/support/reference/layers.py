"""The color of a layer at given points: a second implementation, independent of the renderer's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from support.reference.easing import ease, value_at
from support.reference.timeline import Stay, frames_of
from support.reference.yuv import Floats

Layer = Mapping[str, Any]
Size = tuple[float, float]

_WAYS = {"slide-left": (-1, 0), "slide-right": (1, 0), "slide-up": (0, -1), "slide-down": (0, 1)}


def color_of(text: str) -> Floats:
    """Premultiplied red, green, blue and opacity, 0 to 1, of `#rrggbb` or `#rrggbbaa`."""
    red, green, blue, alpha = (int(f"{text[1:]}ff"[place : place + 2], 16) / 255 for place in (0, 2, 4, 6))
    return np.array([red * alpha, green * alpha, blue * alpha, alpha])


def length_at(value: Any, whole: float, time: float) -> float:
    """A length in pixels at a time, from pixels or percent of `whole`, constant or in keyframes."""
    if isinstance(value, list):
        keys = [{**key, "value": length_at(key["value"], whole, 0)} for key in value]
        return value_at(keys, time)
    return whole * float(value[:-1]) / 100 if isinstance(value, str) else float(value)


def box_at(layer: Layer, room: Size, time: float, aspect: float | None) -> tuple[float, float, float, float]:
    """Left, top, width and height of a layer before scale and rotation."""
    sizes = [
        length_at(layer[side], whole, time) if side in layer else None
        for side, whole in zip(("width", "height"), room, strict=True)
    ]
    width, height = sizes
    if aspect and width and not height:
        height = width / aspect
    if aspect and height and not width:
        width = height * aspect
    width, height = width or room[0], height or room[1]
    anchor = layer.get("anchor", "top-left")
    across = 0.0 if "left" in anchor else 1.0 if "right" in anchor else 0.5
    down = 0.0 if "top" in anchor else 1.0 if "bottom" in anchor else 0.5
    left = length_at(layer["x"], room[0], time) - across * width if "x" in layer else (room[0] - width) / 2
    top = length_at(layer["y"], room[1], time) - down * height if "y" in layer else (room[1] - height) / 2
    return left, top, width, height


def opacity_at(layer: Layer, stay: Stay, frame: int, fps: float, *, is_paired: tuple[bool, bool]) -> float:
    """The opacity of a layer with its transitions; `is_paired`: whether its start and its end belong to a pair."""
    opacity = value_at(layer.get("opacity", 1), (frame - stay.first) / fps)
    for name, there in ways_at(layer, stay, frame, fps, is_paired=is_paired):
        opacity *= min(max(there, 0), 1) if name == "fade" else 1
    return opacity


def ways_at(
    layer: Layer, stay: Stay, frame: int, fps: float, *, is_paired: tuple[bool, bool]
) -> list[tuple[str, float]]:
    """Transitions at a frame: the name, with a dash before it of what goes, and how much is there.

    None takes longer than its layer is there.
    """
    found = []
    enter, leave = (layer.get("transition", {}).get(which) for which in ("in", "out"))
    if enter and not is_paired[0]:
        count = min(frames_of(enter["duration"], fps), stay.last - stay.first)
        if frame < stay.first + count:
            found.append((enter["type"], ease(enter.get("easing", "linear"), (frame - stay.first) / count)))
    if leave and not is_paired[1]:
        count = min(frames_of(leave["duration"], fps), stay.last - stay.first)
        if frame >= stay.last - count:
            passed = ease(leave.get("easing", "linear"), (frame - (stay.last - count)) / count)
            found.append((f"-{leave['type']}", 1 - passed))
    return [(name.removeprefix("-") if name == "-fade" else name, there) for name, there in found]


def points_in_box(
    points: Floats, box: tuple[float, float, float, float], layer: Layer, time: float, shift: Size
) -> Floats:
    """Convert points of the parent to points of the layer's box."""
    left, top, width, height = box
    middle = np.array([left + width / 2 + shift[0], top + height / 2 + shift[1]])
    scale = value_at(layer.get("scale", 1), time)
    turn = math.radians(value_at(layer.get("rotation", 0), time))
    if scale <= 0:
        return np.full_like(points, -1e9)
    away = points - middle
    # Clockwise on a screen, whose y runs down; this is the way back.
    back_x = math.cos(turn) * away[..., 0] + math.sin(turn) * away[..., 1]
    back_y = -math.sin(turn) * away[..., 0] + math.cos(turn) * away[..., 1]
    found: Floats = np.stack([back_x, back_y], axis=-1) / scale + np.array([width / 2, height / 2])
    return found


def slide_at(
    ways: list[tuple[str, float]],
    box: tuple[float, float, float, float],
    layer: Layer,
    time: float,
    room: Size,
) -> Size:
    """The offset of a layer that slides in or out; at share 0 it is out of sight."""
    left, top, width, height = box
    scale = value_at(layer.get("scale", 1), time)
    turn = math.radians(value_at(layer.get("rotation", 0), time))
    half_x = scale * (abs(width * math.cos(turn)) + abs(height * math.sin(turn))) / 2
    half_y = scale * (abs(width * math.sin(turn)) + abs(height * math.cos(turn))) / 2
    x, y = left + width / 2, top + height / 2
    moved_x = moved_y = 0.0
    for name, there in ways:
        if name.removeprefix("-") not in _WAYS:
            continue
        way_x, way_y = _WAYS[name.removeprefix("-")]
        if not name.startswith("-"):
            way_x, way_y = -way_x, -way_y
        away_x = room[0] - (x - half_x) if way_x > 0 else x + half_x
        away_y = room[1] - (y - half_y) if way_y > 0 else y + half_y
        moved_x += way_x * away_x * (1 - there)
        moved_y += way_y * away_y * (1 - there)
    return moved_x, moved_y


def inside_rounded(at: Floats, size: Size, radius: float) -> Floats:
    """1 for points in a box with round corners, else 0."""
    radius = min(radius, size[0] / 2, size[1] / 2)
    out_x = np.abs(at[..., 0] - size[0] / 2) - (size[0] / 2 - radius)
    out_y = np.abs(at[..., 1] - size[1] / 2) - (size[1] / 2 - radius)
    corner = np.hypot(np.maximum(out_x, 0), np.maximum(out_y, 0)) <= radius
    return (corner & (out_x <= radius) & (out_y <= radius)).astype(np.float64)


def shape_at(layer: Layer, at: Floats, size: Size, time: float) -> Floats:
    """The color of a rectangle or an ellipse."""
    if layer.get("shape", "rect") == "ellipse":
        away = (at / np.array(size) - 0.5) * 2
        inside = (np.hypot(away[..., 0], away[..., 1]) <= 1).astype(np.float64)
    else:
        inside = inside_rounded(at, size, length_at(layer.get("radius", 0), min(size), time))
    shown: Floats = inside[..., None] * color_of(layer.get("fill", "#ffffff"))
    return shown


def picture_at(picture: Floats, layer: Layer, at: Floats, size: Size, time: float) -> Floats:
    """The color of an image (height, width, 4; premultiplied) that is fitted into the box, interpolated."""
    left, top, width, height = crop_at(picture, layer, time)
    fit = layer.get("fit", "cover")
    across, down = size[0] / width, size[1] / height
    if fit in {"cover", "contain"}:
        across = down = max(across, down) if fit == "cover" else min(across, down)
    x = (at[..., 0] - size[0] / 2) / across + width / 2
    y = (at[..., 1] - size[1] / 2) / down + height / 2
    inside = inside_rounded(at, size, length_at(layer.get("radius", 0), min(size), time))
    inside = inside * ((x >= 0) & (x <= width) & (y >= 0) & (y <= height))
    shown: Floats = _between(picture, x + left, y + top) * inside[..., None]
    return shown


def crop_at(picture: Floats, layer: Layer, time: float) -> tuple[float, float, float, float]:
    """Left, top, width and height of the crop of an image, in its pixels."""
    crop, (height, width) = layer.get("crop", {}), picture.shape[:2]
    left, top = length_at(crop.get("x", 0), width, time), length_at(crop.get("y", 0), height, time)
    across = length_at(crop.get("width", "100%"), width, time)
    return left, top, across, length_at(crop.get("height", "100%"), height, time)


def _between(picture: Floats, x: Floats, y: Floats) -> Floats:
    """Interpolate an image between the centers of its pixels."""
    height, width = picture.shape[:2]
    x, y = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    part_x, part_y = (x - left)[..., None], (y - top)[..., None]
    upper = picture[top, left] * (1 - part_x) + picture[top, right] * part_x
    lower = picture[bottom, left] * (1 - part_x) + picture[bottom, right] * part_x
    shown: Floats = upper * (1 - part_y) + lower * part_y
    return shown
