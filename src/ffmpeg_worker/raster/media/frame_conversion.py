"""Converts decoded frames of any format to bitmaps: cropped, scaled, rotated, in BT.709 and fitted into a box."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from ffmpeg_worker.composition.choices import Fit
from ffmpeg_worker.raster.media.chroma_key import key_opacity
from ffmpeg_worker.raster.media.color_space import (
    ACCURATE,
    BT709,
    LIMITED,
    bt709_filters,
    complete_color_tags,
    has_alpha,
    is_hdr,
    is_rgb,
    sdr_scale_options,
)
from ffmpeg_worker.raster.media.filter_chain import Filter, FilterChain
from ffmpeg_worker.raster.media.object_fit import Size, Span, fit_content, snap_to_pixels
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.dither import STEPS, round_dithered, round_plainly
from ffmpeg_worker.scene.content import ChromaKey

_ROTATIONS: dict[int, list[Filter]] = {
    0: [],
    90: [("transpose", "dir=clock")],
    # vflip negates the line size; with hflip last, the rows of the result are stored from top to bottom.
    180: [("vflip", ""), ("hflip", "")],
    270: [("transpose", "dir=cclock")],
}

_BACKDROP_REDUCTION = 4
"""The blurred background is computed at this fraction of the box's size."""


class FrameConverter:
    """Converts the frames of one video for one box.

    Opaque frames become `YuvBitmap`s, with an `alpha` if bars stay free or a color is keyed out. Frames with an
    alpha channel become `RgbaBitmap`s, and are not keyed.
    """

    def __init__(
        self,
        fit: Fit,
        content: Size,
        box: Size,
        *,
        rotation: int = 0,
        chroma_key: ChromaKey | None = None,
        is_premultiplied: bool = False,
    ) -> None:
        """Prepare the conversion.

        `content` is the size at which the video is displayed, after `rotation` by a multiple of 90 degrees
        clockwise; `box` that of the bitmaps, both even. `is_premultiplied` refers to frames with an alpha channel.
        """
        self._fit = fit_content(fit, content, box)
        self._rotation = rotation % 360
        self._chroma_key = chroma_key
        self._is_premultiplied = is_premultiplied
        self._chain = FilterChain(self._filters)
        self._box_alpha: Pixels | None = None
        self._backdrop = None
        if fit == "contain-blur" and not self._fit.fills_box and chroma_key is None:
            self._backdrop = BlurredBackdrop(content, box, rotation)

    def convert(self, frame: VideoFrame) -> Bitmap:
        """Convert a frame to a bitmap of the box's size."""
        complete_color_tags(frame)
        x, y = self._spans(frame)
        if has_alpha(frame):
            return self._place_rgba(_view_rgba(self._chain.convert(frame)), x, y)
        if self._only_needs_crop(frame, x, y):
            planes = _crop_planes(_view_planes(frame), x.crop[0] + x.offset, y.crop[0] + y.offset, x, y)
            return self._place_yuv(planes, frame, x, y)
        planes = _view_planes(self._chain.convert(frame))
        return self._place_yuv(_crop_planes(planes, x.offset, y.offset, x, y), frame, x, y)

    def _spans(self, frame: VideoFrame) -> tuple[Span, Span]:
        width, height = frame.width, frame.height
        if self._rotation in {90, 270}:
            width, height = height, width
        box = self._fit.box
        return snap_to_pixels(self._fit.x, width, box[0]), snap_to_pixels(self._fit.y, height, box[1])

    def _only_needs_crop(self, frame: VideoFrame, x: Span, y: Span) -> bool:
        """Whether a frame's pixels can be used without a filter."""
        return (
            frame.format.name == "yuv420p"
            and (frame.colorspace, frame.color_range) == (BT709, LIMITED)
            and not is_hdr(frame)
            and self._rotation == 0
            and (x.scaled, y.scaled) == (x.crop[1], y.crop[1])
        )

    def _filters(self, frame: VideoFrame) -> list[Filter]:
        x, y = self._spans(frame)
        if self._rotation in {90, 270}:
            x, y = y, x
        crop = _crop_filter(frame, x, y)
        size = f"w={x.scaled}:h={y.scaled}"
        rotate = _ROTATIONS[self._rotation]
        if has_alpha(frame):
            # Premultiplied before scaling, so that the colors of transparent pixels do not bleed.
            premultiply = [("scale", ACCURATE), ("format", "gbrap"), ("premultiply", "inplace=1")]
            return [
                *crop,
                *([] if self._is_premultiplied else premultiply),
                ("scale", f"{size}:{ACCURATE}"),
                *rotate,
                ("format", "rgba"),
            ]
        if is_rgb(frame):
            scale = ("scale", f"{size}:out_color_matrix=bt709:out_range=limited:{ACCURATE}")
        else:
            # Without exact rounding, frames become up to one level darker.
            scale = ("scale", f"{size}:out_range=limited:flags=bicubic+accurate_rnd{sdr_scale_options(frame)}")
        return [*crop, scale, ("format", "yuv420p"), *bt709_filters(frame), *rotate]

    def _place_yuv(self, planes: YuvBitmap, frame: VideoFrame, x: Span, y: Span) -> YuvBitmap:
        if self._chroma_key:
            alpha = cv2.resize(key_opacity(planes.u, planes.v, self._chroma_key), planes.size)
            planes = YuvBitmap(planes.y, planes.u, planes.v, cast(Pixels, alpha))
        width, height = self._fit.box
        if planes.size == (width, height):
            return planes
        if self._backdrop:
            boxed = self._backdrop.draw(frame)
        else:
            half = (height // 2, width // 2)
            boxed = YuvBitmap(
                np.full((height, width), 16, np.uint8),
                np.full(half, 128, np.uint8),
                np.full(half, 128, np.uint8),
                self._place_alpha(planes.alpha, x, y),
            )
        chroma = _halve(y.target), _halve(x.target)
        boxed.y[y.target, x.target] = planes.y
        boxed.u[chroma] = planes.u
        boxed.v[chroma] = planes.v
        return boxed

    def _place_alpha(self, alpha: Pixels | None, x: Span, y: Span) -> Pixels:
        """Return the opacity of the box; the same array for every frame without an opacity of its own."""
        if self._box_alpha is not None and alpha is None:
            return self._box_alpha
        boxed = np.zeros(self._fit.box[::-1], np.uint8)
        boxed[y.target, x.target] = 255 if alpha is None else alpha
        self._box_alpha = boxed if alpha is None else None
        return boxed

    def _place_rgba(self, rgba: Pixels, x: Span, y: Span) -> RgbaBitmap:
        visible = rgba[y.offset : y.offset + y.length, x.offset : x.offset + x.length]
        width, height = self._fit.box
        if (x.length, y.length) == (width, height):
            return RgbaBitmap(visible)
        boxed = np.zeros((height, width, 4), np.uint8)
        boxed[y.target, x.target] = visible
        return RgbaBitmap(boxed)


class BlurredBackdrop:
    """Draws the blurred frames of a video so that they fill a box."""

    def __init__(self, content: Size, box: Size, rotation: int) -> None:
        """Prepare the conversion; see `FrameConverter`."""
        width, height = (max(side // _BACKDROP_REDUCTION // 2 * 2, 2) for side in box)
        self._box = box
        self._sigma = max(width, height) * 0.03
        self._cover = FrameConverter("cover", content, (width, height), rotation=rotation)

    def draw(self, frame: VideoFrame) -> YuvBitmap:
        """Draw the backdrop of an opaque frame.

        Blurred and enlarged with more than 8 bits, and then dithered, as the steps would be wide.
        """
        cover = self._cover.convert(frame)
        if not isinstance(cover, YuvBitmap):
            raise TypeError("frames with an alpha channel have no backdrop")
        width, height = self._box
        half = (width // 2, height // 2)
        y = round_dithered(_blur_and_enlarge(cover.y, self._sigma, (width, height)))
        u, v = (round_plainly(_blur_and_enlarge(part, self._sigma / 2, half)) for part in (cover.u, cover.v))
        return YuvBitmap(y, u, v)


def _blur_and_enlarge(plane: Pixels, sigma: float, size: Size) -> npt.NDArray[np.uint16]:
    """Return multiples of 1/256."""
    steps = plane.astype(np.uint16) * np.uint16(STEPS)
    blurred = cv2.GaussianBlur(steps, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _crop_filter(frame: VideoFrame, x: Span, y: Span) -> list[Filter]:
    if (x.crop, y.crop) == ((0, frame.width), (0, frame.height)):
        return []
    return [("crop", f"w={x.crop[1]}:h={y.crop[1]}:x={x.crop[0]}:y={y.crop[0]}:exact=1")]


def _crop_planes(planes: YuvBitmap, left: int, top: int, x: Span, y: Span) -> YuvBitmap:
    rows, columns = slice(top, top + y.length), slice(left, left + x.length)
    chroma = _halve(rows), _halve(columns)
    return YuvBitmap(planes.y[rows, columns], planes.u[chroma], planes.v[chroma])


def _halve(pixels: slice) -> slice:
    return slice(pixels.start // 2, pixels.stop // 2)


def _view_planes(frame: VideoFrame) -> YuvBitmap:
    """Return views of a frame's planes, which keep the frame alive."""
    y, u, v = (_view_rows(plane)[:, : plane.width] for plane in frame.planes)
    return YuvBitmap(y, u, v)


def _view_rgba(frame: VideoFrame) -> Pixels:
    return _view_rows(frame.planes[0])[:, : frame.width * 4].reshape(frame.height, frame.width, 4)


def _view_rows(plane: VideoPlane) -> Pixels:
    data: Pixels = np.frombuffer(memoryview(plane), np.uint8)
    return data.reshape(-1, plane.line_size)[: plane.height]
