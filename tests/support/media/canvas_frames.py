"""Frames that the worker renders from compositions, and sources whose pixels are known."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.raster.draw_frames import draw_frames
from ffmpeg_worker.scene.resolve import resolve
from support.media.sources import make
from support.reference.renderer import Footage, ReferenceRenderer
from support.reference.yuv import Floats, planes_of, split


class Sources:
    """Images and videos in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images: dict[str, Floats] = {}
        self.footage: dict[str, Footage] = {}
        self._facts: dict[str, MediaInfo] = {}

    def add_image(self, name: str, pixels: Floats) -> None:
        """Write a PNG from (height, width, 4), 0 to 1, not premultiplied."""
        whole = np.rint(pixels * 255).astype(np.uint8)
        cv2.imwrite(str(self.folder / name), cv2.cvtColor(whole, cv2.COLOR_RGBA2BGRA))
        exact = whole / 255
        self.images[name] = np.concatenate([exact[..., :3] * exact[..., 3:], exact[..., 3:]], axis=-1)
        height, width = pixels.shape[:2]
        self._facts[name] = MediaInfo("png_pipe", (StreamInfo("video", codec="png", width=width, height=height),))

    def add_footage(self, name: str, footage: Footage) -> None:
        """Write a lossless video of opaque frames."""
        frames = [footage.frame(number) for number in range(footage.count)]
        height, width = frames[0].shape[:2]
        raw = b"".join(_yuv420p(frame[..., :3]) for frame in frames)
        write_video(self.folder / name, raw, (width, height), footage.fps)
        self.footage[name] = footage
        stream = StreamInfo(
            "video",
            codec="h264",
            duration_s=footage.seconds,
            width=width,
            height=height,
            fps=Fraction(footage.fps).limit_denominator(1001),
            pix_fmt="yuv420p",
            frames=footage.count,
        )
        self._facts[name] = MediaInfo("mov,mp4", (stream,), footage.seconds)

    def reference(self, composition: Mapping[str, Any]) -> ReferenceRenderer:
        """The reference renderer for a composition with these sources."""
        return ReferenceRenderer(composition, self.images, self.footage)

    def scene(self, composition: Mapping[str, Any]) -> Any:
        """The scene that the worker makes of a composition with these sources."""
        read = Composition.model_validate(composition)
        return resolve(read, self._facts, file_of=str).scene

    def planes(self, composition: Mapping[str, Any], number: int) -> tuple[Floats, Floats, Floats]:
        """A frame that the worker renders for opaque outputs."""
        return split(self._draw(composition, number, is_transparent=False), *_size(composition))

    def rgba(self, composition: Mapping[str, Any], number: int) -> Floats:
        """A frame that the worker renders for transparent outputs: 0 to 255, not premultiplied."""
        width, height = _size(composition)
        flat = np.frombuffer(self._draw(composition, number, is_transparent=True), np.uint8)
        return flat.reshape(height, width, 4).astype(np.float64)

    def _draw(self, composition: Mapping[str, Any], number: int, *, is_transparent: bool) -> bytes:
        warnings: list[str] = []
        frames = draw_frames(
            self.scene(composition),
            range(number, number + 1),
            self.folder,
            is_transparent=is_transparent,
            threads=1,
            on_warning=warnings.append,
        )
        frame = b"".join(frames)
        assert not warnings
        return frame


def write_video(path: Path, raw: bytes, size: tuple[int, int], fps: float) -> None:
    """Write a lossless video of yuv420p frames, tagged BT.709."""
    source = path.with_suffix(".yuv")
    source.write_bytes(raw)
    make(
        path,
        *("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", f"{fps:g}", "-i", str(source)),
        *("-vf", "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"),
        *("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-g", "12"),
    )
    source.unlink()


def _yuv420p(rgb: Floats) -> bytes:
    return b"".join(np.rint(plane).astype(np.uint8).tobytes() for plane in planes_of(rgb))


def _size(composition: Mapping[str, Any]) -> tuple[int, int]:
    return composition["width"], composition["height"]
