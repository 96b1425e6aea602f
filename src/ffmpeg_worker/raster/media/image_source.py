"""A picture of a file, still or animated, as an element shows it."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from PIL import Image

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.decode_image import fitted, open_image, planes_of, unreadable, upright_size
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.scene.scene import ImageContent

_MOST_KEPT = 64 * 1024 * 1024
"""Pixels of an animation's fitted frames that are kept for its next rounds."""


class ImageSource:
    """A `Source` of an image file: decoded when first asked for, and kept only in the size of the box."""

    def __init__(
        self, content: ImageContent, path: Path, size: Size, *, as_planes: bool = False, where: str = ""
    ) -> None:
        """Open the file; `as_planes` gives opaque pictures of even size as `YuvBitmap`. Raises: RasterError."""
        self._content = content
        self._size = size
        self._as_planes = as_planes
        self._where = where
        self._image: Image.Image | None = open_image(path, where)
        self._frames = _count(self._image)
        # Where a file has a picture for those that cannot animate, it is the first one.
        self._first = 1 if self._frames > 1 and getattr(self._image, "default_image", False) else 0
        self._ends: list[float] = []
        self._kept: dict[int, Bitmap] = {}
        self._shown: tuple[int, Bitmap] | None = None

    @property
    def size(self) -> Size:
        """Width and height of the box."""
        return self._size

    @property
    def own_size(self) -> Size:
        """Width and height of the picture, right after it was opened. Raises: RasterError."""
        if self._image is None:
            raise unreadable(self._where)
        return upright_size(self._image, self._where)

    def picture(self, time_s: float) -> Bitmap | None:
        """The picture at a time of the element. Raises: RasterError."""
        index = self._index_at(max(time_s, 0.0) + 1e-6) if self._frames - self._first > 1 else self._first
        if self._shown is None or self._shown[0] != index:
            self._shown = (index, self._kept.get(index) or self._draw(index))
        return self._shown[1]

    def close(self) -> None:
        """Free the file and its pictures."""
        if self._image is not None:
            self._image.close()
        self._image = None
        self._kept.clear()
        self._shown = None

    def _index_at(self, time_s: float) -> int:
        count = self._frames - self._first
        while len(self._ends) < count and (not self._ends or self._ends[-1] <= time_s):
            self._draw(self._first + len(self._ends))
        if self._content.loops and len(self._ends) == count:
            time_s %= self._ends[-1]
        return self._first + min(bisect_right(self._ends, time_s), count - 1)

    def _draw(self, index: int) -> Bitmap:
        try:
            image, rgba = self._decode(index)
        except RasterError:
            if not self._ends:
                self.close()
                raise
            # A file that breaks off plays as far as it goes.
            self._frames = self._first + len(self._ends)
            return self._kept.get(self._frames - 1) or self._draw(self._frames - 1)
        width, height = self._size
        is_plane = self._as_planes and not (width % 2 or height % 2) and bool((rgba[..., 3] == 255).all())
        picture = planes_of(rgba) if is_plane else RgbaBitmap(rgba)
        if self._frames == 1:
            # What was decoded is large, and is not asked for again.
            image.close()
            self._image = None
        else:
            self._note(index, image, picture)
        return picture

    def _decode(self, index: int) -> tuple[Image.Image, Pixels]:
        image = self._image
        if image is None:
            raise unreadable(self._where)
        try:
            if self._frames > 1:
                image.seek(index)
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:
            raise unreadable(self._where) from error
        content = self._content
        return image, fitted(image, content.fit, self._size, chroma_key=content.chroma_key, where=self._where)

    def _note(self, index: int, image: Image.Image, picture: Bitmap) -> None:
        if index == self._first + len(self._ends):
            self._ends.append((self._ends[-1] if self._ends else 0.0) + _duration_s(image))
        width, height = self._size
        if (len(self._kept) + 1) * width * height * 4 <= _MOST_KEPT:
            self._kept[index] = picture


def _count(image: Image.Image) -> int:
    # The frames of other formats are pages, or sizes of one icon.
    return getattr(image, "n_frames", 1) if image.format in {"GIF", "WEBP", "PNG", "AVIF"} else 1


def _duration_s(image: Image.Image) -> float:
    stated = float(image.info.get("duration") or 0)
    # As browsers do: nobody meant a hundredth of a second.
    return stated / 1000 if stated > 10 else 0.1
