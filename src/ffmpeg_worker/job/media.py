"""Facts about media files that planning, verification and results need, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

_T = TypeVar("_T")

# Images have no duration, and elementary streams only an estimate from their bit rate.
_FORMATS_WITHOUT_DURATION = frozenset(
    "image2 gif apng aac ac3 eac3 dts truehd mlp loas h264 hevc m4v mpegvideo amr gsm g722".split()
)


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """Facts about one stream: times in seconds, sizes in pixels as coded (before any rotation)."""

    kind: str
    codec: str | None = None
    duration_s: float | None = None
    """The length; in Matroska the time of the end."""
    width: int | None = None
    height: int | None = None
    fps: Fraction | None = None
    pix_fmt: str | None = None
    frames: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    color: tuple[str | None, str | None, str | None, str | None] = (None, None, None, None)
    """Range, matrix, transfer, primaries."""
    field_order: str | None = None
    rotation: int = 0
    is_cover: bool = False
    sample_aspect: Fraction = Fraction(1)
    """Width of a pixel divided by its height."""
    start_s: float | None = None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Facts about one file."""

    format_name: str
    streams: tuple[StreamInfo, ...]
    duration_s: float | None = None
    bit_rate: int | None = None
    start_s: float | None = None
    still_size: tuple[int, int] | None = None
    """Width and height as displayed of the picture of a HEIF file, whose streams may be tiles of it."""
    other_kind: str | None = None
    """What the file is, such as `a PDF document`, where it is neither media nor a picture that can be read."""

    @property
    def video(self) -> StreamInfo | None:
        """The first video stream that is not cover art."""
        return next((s for s in self.streams if s.kind == "video" and not s.is_cover), None)

    @property
    def audio(self) -> StreamInfo | None:
        """The first audio stream."""
        return next((s for s in self.streams if s.kind == "audio"), None)

    @property
    def format(self) -> str:
        """The first of FFmpeg's names of the container."""
        return self.format_name.split(",")[0]

    @property
    def has_duration(self) -> bool:
        """Whether `duration_s` comes from the container and is not an estimate."""
        return self.format not in _FORMATS_WITHOUT_DURATION and not self.format_name.endswith("_pipe")

    def summary(self) -> dict[str, Any]:
        """Return the `media` object of an output in a result."""
        video, audio = self.video, self.audio
        facts: dict[str, Any] = {"format": self.format_name, "duration": self.duration_s}
        if video is not None:
            facts |= {"width": video.width, "height": video.height}
            facts |= {"fps": round(float(video.fps), 3) if video.fps else None, "pix_fmt": video.pix_fmt}
        if audio is not None:
            facts |= {"sample_rate": audio.sample_rate, "channels": audio.channels}
        facts |= {"bit_rate": self.bit_rate, "codecs": [s.codec for s in self.streams if s.codec]}
        return {key: value for key, value in facts.items() if value is not None}


def read_media(document: Mapping[str, Any]) -> MediaInfo:
    """Read ffprobe's JSON (`format` and `streams`)."""
    container = document.get("format", {})
    format_name = str(container.get("format_name", ""))
    is_matroska = format_name.startswith("matroska")
    return MediaInfo(
        format_name=format_name,
        streams=tuple(_read_stream(stream, is_matroska) for stream in document.get("streams", ())),
        duration_s=_read(float, container.get("duration")),
        bit_rate=_read(int, container.get("bit_rate")),
        start_s=_read(float, container.get("start_time")),
        still_size=_read(_read_size, document.get("still_image")),
    )


def _read_stream(stream: Mapping[str, Any], is_matroska: bool) -> StreamInfo:
    # Matroska has lengths of streams in tags only: without one, ffprobe prints the length of the file.
    duration_s = None if is_matroska else _read(float, stream.get("duration"))
    side_data = stream.get("side_data_list", ())
    return StreamInfo(
        kind=str(stream.get("codec_type", "unknown")),
        codec=stream.get("codec_name"),
        duration_s=duration_s or _read(_read_clock, stream.get("tags", {}).get("DURATION")),
        width=_read(int, stream.get("width")),
        height=_read(int, stream.get("height")),
        fps=_read_rate(stream.get("avg_frame_rate")) or _read_rate(stream.get("r_frame_rate")),
        pix_fmt=stream.get("pix_fmt"),
        frames=_read(int, stream.get("nb_frames")),
        sample_rate=_read(int, stream.get("sample_rate")),
        channels=_read(int, stream.get("channels")),
        color=(
            stream.get("color_range"),
            stream.get("color_space"),
            stream.get("color_transfer"),
            stream.get("color_primaries"),
        ),
        field_order=stream.get("field_order"),
        rotation=next((int(item["rotation"]) for item in side_data if "rotation" in item), 0),
        is_cover=bool(stream.get("disposition", {}).get("attached_pic", 0)),
        sample_aspect=_read_rate(str(stream.get("sample_aspect_ratio", "")).replace(":", "/")) or Fraction(1),
        start_s=_read(float, stream.get("start_time")),
    )


def _read(read: Callable[[Any], _T], value: Any) -> _T | None:
    """Read a value of ffprobe's; `None` where it is missing or not what `read` expects."""
    try:
        return read(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _read_size(value: Any) -> tuple[int, int]:
    return int(value["width"]), int(value["height"])


def _read_rate(value: Any) -> Fraction | None:
    return _read(Fraction, str(value)) or None


def _read_clock(value: Any) -> float:
    """Read the duration tag of Matroska, such as 00:00:10.023000000, in seconds."""
    hours, minutes, seconds = str(value).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
