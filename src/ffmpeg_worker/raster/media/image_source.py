"""A source that shows an image file, still or animated."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from PIL import Image

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.decode_image import (
    decode_fitted,
    image_unreadable,
    open_image,
    reading_image,
    to_yuv,
    upright_size,
)
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.scene.content import ImageContent

_MAX_CACHED_BYTES = 64 * 1024 * 1024
"""Of an animation's fitted frames, which are reused when it loops."""


class ImageSource:
    """A `Source` of an image file: decoded when first rendered, and cached only at the size of the box."""

    def __init__(self, content: ImageContent, path: Path, size: Size, *, as_yuv: bool = False) -> None:
        """Open the file; `as_yuv` renders opaque images of even size as `YuvBitmap`s. Raises: RasterError."""
        self._content = content
        self.size = size
        self._as_yuv = as_yuv
        image = open_image(path)
        try:
            with reading_image():
                self._frames = _count_frames(image)
        except RasterError:
            image.close()
            raise
        self._image: Image.Image | None = image
        # The default image of an APNG, for programs without animation, comes first and is not part of it.
        self._first = 1 if self._frames > 1 and getattr(self._image, "default_image", False) else 0
        self._ends: list[float] = []
        self._cached: dict[int, Bitmap] = {}
        self._shown: tuple[int, Bitmap] | None = None

    @property
    def own_size(self) -> Size:
        """Width and height of the image; only before it is first rendered. Raises: RasterError."""
        if self._image is None:
            raise image_unreadable()
        return upright_size(self._image)

    def render(self, time_s: float) -> Bitmap | None:
        """Return the image at a time of the element. Raises: RasterError."""
        index = self._index_at(max(time_s, 0.0) + 1e-6) if self._frames - self._first > 1 else self._first
        if self._shown is None or self._shown[0] != index:
            self._shown = (index, self._cached.get(index) or self._render_frame(index))
        return self._shown[1]

    def close(self) -> None:
        """Close the file and release its bitmaps."""
        if self._image is not None:
            self._image.close()
        self._image = None
        self._cached.clear()
        self._shown = None

    def _index_at(self, time_s: float) -> int:
        # A frame that cannot be decoded ends the animation, and so lowers the number of frames.
        while len(self._ends) < self._frames - self._first and (not self._ends or self._ends[-1] <= time_s):
            self._render_frame(self._first + len(self._ends))
        count = self._frames - self._first
        if self._content.loops and len(self._ends) == count:
            time_s %= self._ends[-1]
        return self._first + min(bisect_right(self._ends, time_s), count - 1)

    def _render_frame(self, index: int) -> Bitmap:
        try:
            image, rgba = self._decode(index)
        except RasterError:
            if not self._ends:
                self.close()
                raise
            # A truncated animation plays up to its last complete frame.
            self._frames = self._first + len(self._ends)
            return self._cached.get(self._frames - 1) or self._render_frame(self._frames - 1)
        width, height = self.size
        is_yuv = self._as_yuv and not (width % 2 or height % 2) and bool((rgba[..., 3] == 255).all())
        bitmap = to_yuv(rgba) if is_yuv else RgbaBitmap(rgba)
        if self._frames == 1:
            # The decoded image is large, and not needed again.
            image.close()
            self._image = None
        else:
            self._record(index, image, bitmap)
        return bitmap

    def _decode(self, index: int) -> tuple[Image.Image, Pixels]:
        image = self._image
        if image is None:
            raise image_unreadable()
        if self._frames > 1:
            with reading_image():
                image.seek(index)
        content = self._content
        return image, decode_fitted(image, content.fit, self.size, chroma_key=content.chroma_key)

    def _record(self, index: int, image: Image.Image, bitmap: Bitmap) -> None:
        """Store the end time of an animation frame, and cache its bitmap if there is room."""
        if index == self._first + len(self._ends):
            self._ends.append((self._ends[-1] if self._ends else 0.0) + _duration_s(image))
        width, height = self.size
        if (len(self._cached) + 1) * width * height * 4 <= _MAX_CACHED_BYTES:
            self._cached[index] = bitmap


def _count_frames(image: Image.Image) -> int:
    # The frames of other formats are pages, or sizes of an icon.
    return getattr(image, "n_frames", 1) if image.format in {"GIF", "WEBP", "PNG", "AVIF"} else 1


def _duration_s(image: Image.Image) -> float:
    duration_ms = float(image.info.get("duration") or 0)
    # Browsers show frames of 10 ms or less for 100 ms, too.
    return duration_ms / 1000 if duration_ms > 10 else 0.1
