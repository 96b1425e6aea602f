"""A source that shows a video file."""

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
from ffmpeg_worker.scene.content import VideoContent

_ROUNDING_ERROR_S = 1e-6


class VideoSource:
    """A `Source` of a video; each visible frame is converted once, directly to the size of the box.

    The bitmaps are `YuvBitmap`s, or `RgbaBitmap`s if the video has an alpha channel.
    """

    def __init__(
        self, content: VideoContent, path: Path, size: Size, *, threads: int = 2, where: str = ""
    ) -> None:
        """Open the file. `size` is the box, in even numbers. Raises: RasterError."""
        self._content = content
        self.size = size
        self.own_size = content.size
        self._decoder = VideoDecoder(path, is_interlaced=content.is_interlaced, threads=threads, where=where)
        self._converter = FrameConverter(
            content.fit,
            content.size,
            size,
            rotation=content.rotation,
            chroma_key=content.chroma_key,
            is_premultiplied=content.is_multiplied,
        )
        self._frame: VideoFrame | None = None
        self._bitmap: Bitmap | None = None

    def render(self, time_s: float) -> Bitmap | None:
        """Return the frame at a time of the element. Raises: RasterError."""
        frame = self._decoder.frame_at(self._source_time(time_s))
        if frame is not self._frame:
            try:
                self._bitmap = self._converter.convert(frame)
            except (av.FFmpegError, ValueError) as error:
                frame_format = f"{frame.format.name}, {frame.width}x{frame.height}"
                raise RasterError(
                    f"The video's frames ({frame_format}) cannot be converted.",
                    code="source_unreadable",
                    hint="Convert the video to yuv420p first.",
                ) from error
            self._frame = frame
        return self._bitmap

    def close(self) -> None:
        """Close the decoder."""
        self._decoder.close()
        self._frame = self._bitmap = None

    def _source_time(self, time_s: float) -> float:
        content = self._content
        played_s = max(time_s, 0.0) * content.speed
        span_s = content.end_s - content.begin_s
        if content.loops and span_s > 0:
            # A rounding error must not show the last frame again at the start of a loop.
            return content.begin_s + math.fmod(played_s + _ROUNDING_ERROR_S, span_s)
        # A frame that begins at the end is not shown.
        return content.begin_s + min(played_s, max(span_s - self._decoder.tolerance_s * 2, 0.0))
