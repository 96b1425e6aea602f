"""A slow and simple renderer of compositions, to compare the real one with: its own reading of the JSON.

Layers are rectangles, ellipses, images, videos and groups of them. Every pixel is asked 16 times which color the
layers have there. Places that keyframes lead to are not rounded to pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.reference.layers import (
    Layer,
    Size,
    box_at,
    color_of,
    crop_at,
    inside_rounded,
    opacity_at,
    picture_at,
    points_in_box,
    shape_at,
    slide_at,
    ways_at,
)
from support.reference.timeline import Stay, frames_of, length_of, stays
from support.reference.yuv import Floats

_SIDE = 4
"""Samples per pixel, horizontally and vertically."""


@dataclass(frozen=True)
class Footage:
    """A video whose frames are known: `frame(n)` is (height, width, 4), 0 to 1."""

    count: int
    fps: float
    frame: Callable[[int], Floats]

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.count / self.fps


class ReferenceRenderer:
    """Renders frames of a composition with these images (height, width, 4; premultiplied) and videos."""

    def __init__(
        self, composition: Mapping[str, Any], images: Mapping[str, Floats], footage: Mapping[str, Footage]
    ) -> None:
        self._layers: Sequence[Layer] = composition["layers"]
        self._fps = float(composition["fps"])
        self._size = (composition["width"], composition["height"])
        self._background = color_of(composition.get("background", "#000000"))
        self._images = images
        self._footage = footage
        self._lengths = {src: clip.seconds for src, clip in footage.items()}
        whole = composition.get("duration", "auto")
        self._seconds = length_of(self._layers, self._lengths) if whole == "auto" else float(whole)

    @property
    def frames(self) -> int:
        """The number of frames."""
        return frames_of(self._seconds, self._fps)

    def frame(self, number: int) -> Floats:
        """Render a frame: premultiplied red, green, blue and opacity, 0 to 1."""
        width, height = self._size
        x = (np.arange(width * _SIDE) + 0.5) / _SIDE
        y = (np.arange(height * _SIDE) + 0.5) / _SIDE
        points = np.stack(np.meshgrid(x, y), axis=-1)
        below = np.broadcast_to(self._background, (height, width, 4))
        return self._list(self._layers, (0.0, self._seconds), number, points, self._size, below, _averaged)

    def _list(
        self,
        layers: Sequence[Layer],
        there_s: tuple[float, float],
        frame: int,
        points: Floats,
        room: Size,
        below: Floats,
        seen: Callable[[Floats], Floats],
    ) -> Floats:
        """Draw the layers of one list over what is below; `seen` maps points to the points that are drawn."""
        when = stays(layers, self._fps, self._lengths, *there_s)
        order = sorted(range(len(layers)), key=lambda index: layers[index].get("z", 0))
        shown = [index for index in order if when[index].first <= frame < when[index].last]
        pairs = self._pairs(layers, when, shown, frame)

        def draw(index: int, onto: Floats) -> Floats:
            paired = (index in pairs, index in pairs.values())
            return _over(seen(self._layer(layers[index], when[index], frame, points, room, paired)), onto)

        for index in shown:
            if index in pairs:
                (_, share), *_ = ways_at(layers[index], when[index], frame, self._fps, is_paired=(False, True))
                below = draw(pairs[index], below) * (1 - share) + draw(index, below) * share
            elif index not in pairs.values():
                below = draw(index, below)
        return below

    def _pairs(
        self, layers: Sequence[Layer], when: Sequence[Stay], shown: Sequence[int], frame: int
    ) -> dict[int, int]:
        """Map each layer that replaces another one at this frame to that layer."""
        return {
            index: over
            for index in shown
            if (over := when[index].over) is not None
            and over in shown
            and frame < when[index].first + frames_of(layers[index]["transition"]["in"]["duration"], self._fps)
        }

    def _layer(
        self, layer: Layer, stay: Stay, frame: int, points: Floats, room: Size, is_paired: tuple[bool, bool]
    ) -> Floats:
        """The color of one layer at points of its parent."""
        time = (frame - stay.first) / self._fps
        box = box_at(layer, room, time, self._aspect(layer))
        ways = ways_at(layer, stay, frame, self._fps, is_paired=is_paired)
        shift = slide_at(ways, box, layer, time, room)
        at = points_in_box(points, box, layer, time, shift)
        size = (box[2], box[3])
        opacity = opacity_at(layer, stay, frame, self._fps, is_paired=is_paired)
        return self._content(layer, stay, frame, at, size) * opacity

    def _content(self, layer: Layer, stay: Stay, frame: int, at: Floats, size: Size) -> Floats:
        time = (frame - stay.first) / self._fps
        if layer["type"] == "shape":
            return shape_at(layer, at, size, time)
        if layer["type"] == "image":
            return picture_at(self._images[layer["src"]], layer, at, size, time)
        if layer["type"] == "video":
            return picture_at(self._film(layer, time), layer, at, size, time)
        nothing = np.zeros((*at.shape[:-1], 4))
        inner = self._list(
            layer["layers"], (stay.begin_s, stay.end_s), frame - stay.first, at, size, nothing, lambda seen: seen
        )
        clipped: Floats = inner * inside_rounded(at, size, 0)[..., None]
        return clipped

    def _film(self, layer: Layer, time: float) -> Floats:
        """The frame of a video at a time of its layer."""
        clip = self._footage[layer["src"]]
        trim = layer.get("trim", {})
        begin, end = trim.get("start", 0), trim.get("end", clip.seconds)
        played = time * layer.get("speed", 1)
        if layer.get("loop"):
            played = (played + 1e-6) % (end - begin)
        last = frames_of(end * 1000, clip.fps / 1000) - 1
        return clip.frame(min(int((begin + played) * clip.fps + 1e-4), last, clip.count - 1))

    def _aspect(self, layer: Layer) -> float | None:
        if layer["type"] == "image":
            picture = self._images[layer["src"]]
        elif layer["type"] == "video":
            picture = self._footage[layer["src"]].frame(0)
        else:
            return None
        _, _, width, height = crop_at(picture, layer, 0)
        return width / height


def _over(above: Floats, below: Floats) -> Floats:
    return above + below * (1 - above[..., 3:])


def _averaged(points: Floats) -> Floats:
    """The mean of the samples of each pixel."""
    height, width = points.shape[0] // _SIDE, points.shape[1] // _SIDE
    pixels: Floats = points.reshape(height, _SIDE, width, _SIDE, 4).mean((1, 3))
    return pixels
