"""Decoded frames of any form become pictures of the box: fitted, turned upright, in the colours of the canvas."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from ffmpeg_worker.raster.media.chroma_key import opacity_of
from ffmpeg_worker.raster.media.color_space import (
    ACCURATE,
    BT709,
    LIMITED,
    has_alpha,
    is_hdr,
    is_rgb,
    name_colours,
    to_bt709,
    to_sdr,
)
from ffmpeg_worker.raster.media.filter_chain import Chain, Step
from ffmpeg_worker.raster.media.object_fit import Size, Span, fit_into, snap
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.scene.scene import ChromaKey, Fit

_TURNS: dict[int, list[Step]] = {
    0: [],
    90: [("transpose", "dir=clock")],
    # In this order the rows of the result lie in memory from top to bottom.
    180: [("vflip", ""), ("hflip", "")],
    270: [("transpose", "dir=cclock")],
}

_BLURRED_AT = 4
"""How much smaller the blurred background is made before it is blurred."""


class FrameConverter:
    """Brings the frames of one video into one box.

    Opaque frames become `YuvBitmap`, with an `alpha` where bars stay free or a colour is keyed out; frames with an
    opacity of their own become a `RgbaBitmap`, and are not keyed.
    """

    def __init__(
        self,
        fit: Fit,
        content: Size,
        box: Size,
        *,
        rotation: int = 0,
        chroma_key: ChromaKey | None = None,
        is_multiplied: bool = False,
        after: tuple[Step, ...] = (),
    ) -> None:
        """`content` is the size that it shows at, turned upright; `after` are filters of the fitted picture.

        `is_multiplied`: the colours of frames with an opacity are multiplied with it already.
        """
        self._fitting = fit_into(fit, content, box)
        self._rotation = rotation % 360
        self._chroma_key = chroma_key
        self._is_multiplied = is_multiplied
        self._after = after
        self._chain = Chain(self._steps)
        self._bars: Pixels | None = None
        self._behind = None
        if fit == "contain-blur" and not self._fitting.fills and chroma_key is None:
            self._behind = _blurred_cover(content, box, rotation)

    def picture(self, frame: VideoFrame) -> YuvBitmap | RgbaBitmap:
        """Bring a frame into the box."""
        name_colours(frame)
        x, y = self._spans(frame)
        if has_alpha(frame):
            return self._boxed_tile(_packed(self._chain.convert(frame)), x, y)
        if self._is_plain(frame, x, y):
            return self._boxed(_cut(_planes(frame), x.crop[0] + x.offset, y.crop[0] + y.offset, x, y), frame, x, y)
        planes = _planes(self._chain.convert(frame))
        if self._after:
            return planes
        return self._boxed(_cut(planes, x.offset, y.offset, x, y), frame, x, y)

    def _spans(self, frame: VideoFrame) -> tuple[Span, Span]:
        width, height = frame.width, frame.height
        if self._rotation in {90, 270}:
            width, height = height, width
        box = self._fitting.box
        return snap(self._fitting.x, width, box[0]), snap(self._fitting.y, height, box[1])

    def _is_plain(self, frame: VideoFrame, x: Span, y: Span) -> bool:
        """Whether a frame is as the canvas wants it, but for what is cut off."""
        return (
            frame.format.name == "yuv420p"
            and (frame.colorspace, frame.color_range) == (BT709, LIMITED)
            and not is_hdr(frame)
            and self._rotation == 0
            and (x.scaled, y.scaled) == (x.crop[1], y.crop[1])
            and not self._after
        )

    def _steps(self, frame: VideoFrame) -> list[Step]:
        x, y = self._spans(frame)
        if self._rotation in {90, 270}:
            x, y = y, x
        crop = _crop(frame, x, y)
        size = f"w={x.scaled}:h={y.scaled}"
        turn = _TURNS[self._rotation]
        if has_alpha(frame):
            # Multiplied before it is scaled: colours that are not seen must not bleed into those that are.
            multiply = [("scale", ACCURATE), ("format", "gbrap"), ("premultiply", "inplace=1")]
            return [
                *crop,
                *([] if self._is_multiplied else multiply),
                ("scale", f"{size}:{ACCURATE}"),
                *turn,
                ("format", "rgba"),
            ]
        if is_rgb(frame):
            scale = ("scale", f"{size}:out_color_matrix=bt709:out_range=limited:{ACCURATE}")
        else:
            # Without exact rounding pictures become up to a level darker.
            scale = ("scale", f"{size}:out_range=limited:flags=bicubic+accurate_rnd{to_sdr(frame)}")
        return [*crop, scale, ("format", "yuv420p"), *to_bt709(frame), *turn, *self._after]

    def _boxed(self, planes: YuvBitmap, frame: VideoFrame, x: Span, y: Span) -> YuvBitmap:
        if self._chroma_key:
            alpha = cv2.resize(opacity_of(planes.u, planes.v, self._chroma_key), planes.size)
            planes = YuvBitmap(planes.y, planes.u, planes.v, cast(Pixels, alpha))
        width, height = self._fitting.box
        if planes.size == (width, height):
            return planes
        base = self._behind.picture(frame) if self._behind else None
        if isinstance(base, YuvBitmap):
            boxed = YuvBitmap(base.y.copy(), base.u.copy(), base.v.copy())
        else:
            half = (height // 2, width // 2)
            boxed = YuvBitmap(
                np.full((height, width), 16, np.uint8),
                np.full(half, 128, np.uint8),
                np.full(half, 128, np.uint8),
                self._opacity(planes.alpha, x, y),
            )
        boxed.y[y.place : y.place + y.length, x.place : x.place + x.length] = planes.y
        rows = slice(y.place // 2, (y.place + y.length) // 2)
        columns = slice(x.place // 2, (x.place + x.length) // 2)
        boxed.u[rows, columns] = planes.u
        boxed.v[rows, columns] = planes.v
        return boxed

    def _opacity(self, shown: Pixels | None, x: Span, y: Span) -> Pixels:
        if self._bars is not None and shown is None:
            return self._bars
        alpha = np.zeros(self._fitting.box[::-1], np.uint8)
        alpha[y.place : y.place + y.length, x.place : x.place + x.length] = 255 if shown is None else shown
        self._bars = alpha if shown is None else None
        return alpha

    def _boxed_tile(self, rgba: Pixels, x: Span, y: Span) -> RgbaBitmap:
        shown = rgba[y.offset : y.offset + y.length, x.offset : x.offset + x.length]
        width, height = self._fitting.box
        if (x.length, y.length) == (width, height):
            return RgbaBitmap(shown)
        boxed = np.zeros((height, width, 4), np.uint8)
        boxed[y.place : y.place + y.length, x.place : x.place + x.length] = shown
        return RgbaBitmap(boxed)


def _blurred_cover(content: Size, box: Size, rotation: int) -> FrameConverter:
    small = (max(box[0] // _BLURRED_AT // 2 * 2, 2), max(box[1] // _BLURRED_AT // 2 * 2, 2))
    blur = ("gblur", f"sigma={max(small) * 0.03:.2f}:steps=2")
    enlarge = ("scale", f"w={box[0]}:h={box[1]}:flags=bicubic")
    return FrameConverter("cover", content, small, rotation=rotation, after=(blur, enlarge))


def _crop(frame: VideoFrame, x: Span, y: Span) -> list[Step]:
    if (x.crop, y.crop) == ((0, frame.width), (0, frame.height)):
        return []
    return [("crop", f"w={x.crop[1]}:h={y.crop[1]}:x={x.crop[0]}:y={y.crop[0]}:exact=1")]


def _cut(planes: YuvBitmap, left: int, top: int, x: Span, y: Span) -> YuvBitmap:
    rows, columns = slice(top, top + y.length), slice(left, left + x.length)
    half_rows, half_columns = slice(top // 2, (top + y.length) // 2), slice(left // 2, (left + x.length) // 2)
    return YuvBitmap(
        planes.y[rows, columns], planes.u[half_rows, half_columns], planes.v[half_rows, half_columns], None
    )


def _planes(frame: VideoFrame) -> YuvBitmap:
    # Views: they keep the frame alive.
    y, u, v = (_rows(plane)[:, : plane.width] for plane in frame.planes)
    return YuvBitmap(y, u, v)


def _packed(frame: VideoFrame) -> Pixels:
    return _rows(frame.planes[0])[:, : frame.width * 4].reshape(frame.height, frame.width, 4)


def _rows(plane: VideoPlane) -> Pixels:
    data: Pixels = np.frombuffer(memoryview(plane), np.uint8)
    return data.reshape(-1, plane.line_size)[: plane.height]
