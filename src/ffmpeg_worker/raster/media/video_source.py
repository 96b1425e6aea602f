"""Moving pictures of a file, as an element shows them."""

from __future__ import annotations

import math
from pathlib import Path

import av
from av.video.frame import VideoFrame

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.frame_conversion import FrameConverter
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.media.video_decoder import VideoDecoder
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap
from ffmpeg_worker.scene.scene import VideoContent

_SMALL_S = 1e-6
"""Less than this is an error of rounding."""


class VideoSource:
    """A `Source` of a video: each frame that is shown is converted once, straight to the box.

    The pictures are `YuvBitmap`, or `RgbaBitmap`s if the video has an opacity of its own.
    """

    def __init__(
        self, content: VideoContent, path: Path, size: Size, *, threads: int = 2, where: str = ""
    ) -> None:
        """Open the file. `size` is the box, in even numbers. Raises: RasterError."""
        self._content = content
        self._size = size
        self._where = where
        self._frames = VideoDecoder(path, is_interlaced=content.is_interlaced, threads=threads, where=where)
        self._conversion = FrameConverter(
            content.fit,
            content.size,
            size,
            rotation=content.rotation,
            chroma_key=content.chroma_key,
            is_multiplied=content.is_multiplied,
        )
        self._frame: VideoFrame | None = None
        self._picture: Bitmap | None = None

    @property
    def size(self) -> Size:
        """Width and height of the box."""
        return self._size

    @property
    def own_size(self) -> Size:
        """Width and height of the video as it is shown."""
        return self._content.size

    def picture(self, time_s: float) -> Bitmap | None:
        """The picture at a time of the element. Raises: RasterError."""
        frame = self._frames.at(self._source_time(time_s))
        if frame is not self._frame:
            try:
                self._picture = self._conversion.picture(frame)
            except (av.FFmpegError, ValueError) as error:
                form = f"{frame.format.name}, {frame.width}x{frame.height}"
                raise RasterError(
                    f"The video's pictures ({form}) cannot be converted.",
                    code="source_unreadable",
                    where=self._where,
                    hint="Convert the video to yuv420p first.",
                ) from error
            self._frame = frame
        return self._picture

    def close(self) -> None:
        """Free the decoder and the picture."""
        self._frames.close()
        self._frame = self._picture = None

    def _source_time(self, time_s: float) -> float:
        content = self._content
        played_s = max(time_s, 0.0) * content.speed
        span_s = content.end_s - content.begin_s
        if content.loops and span_s > 0:
            # The round that begins now must not show the last frame of the one before.
            return content.begin_s + math.fmod(played_s + _SMALL_S, span_s)
        # What begins at the end is not shown any more.
        return content.begin_s + min(played_s, max(span_s - self._frames.tolerance_s * 2, 0.0))
