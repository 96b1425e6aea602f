"""Source files of layers: what they contain, and which part of them is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ffmpeg_worker.budgets import MAX_DURATION_S, MAX_LAYER_PIXELS
from ffmpeg_worker.composition.layer_base import Trim
from ffmpeg_worker.composition.media_layers import AudioLayer, ImageLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob, SourceTooLarge, SourceUnreadable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.media import MediaInfo, StreamInfo

SourceInfo = Mapping[str, MediaInfo | str]
"""The result of a probe, or the text of subtitles and SVG images, for each `src`."""

_IMAGE_FORMATS = frozenset({"image2", "gif", "apng", "webp", "ico"})
_PLAYLIST_FORMATS = frozenset({"hls", "dash", "concat", "imf", "sdp", "rtsp"})
_VIDEO_FORMATS = frozenset({"mov", "matroska", "avi", "mpegts", "flv", "mpeg", "asf", "webm"})
_NOT_DRAWN = {
    "jpegxl_pipe": "a JPEG XL image",
    "jpegxl_anim": "a JPEG XL image",
    "exr_pipe": "an OpenEXR image",
    "hdr_pipe": "a Radiance HDR image",
    "dpx_pipe": "a DPX image",
    "dds_pipe": "a DDS texture",
}
"""Formats of pictures that the probe reads, but not the renderer."""

_CONVERT = "Convert it to a JPEG, PNG or MP4 file first."
_HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
_MAY_HAVE_ALPHA = re.compile("pal8|ya|yuva|gbrap|[argb]{4}|vuya|ayuv")
_SVG = re.compile(r"<svg\b([^<>]{0,10000})>")
_SVG_SIDE = r"(?<![\w-]){}\s{{0,9}}=\s{{0,9}}[\"'](\d{{1,6}}(?:\.\d{{1,9}})?)(?:px)?[\"']"
_VIEW_BOX = re.compile(r"\bviewBox\s{0,9}=\s{0,9}[\"']([-+.\deE,\s]{1,100})[\"']")


@dataclass(frozen=True, slots=True)
class Clip:
    """The used part of a file, in seconds of the file.

    `is_known` is false where neither the file nor the trim has an end; `missing_s` is by how much the trim exceeds
    the file.
    """

    begin_s: float
    end_s: float
    is_known: bool = True
    missing_s: float = 0.0

    @property
    def length_s(self) -> float:
        """Duration at the speed of the file."""
        return self.end_s - self.begin_s


def find_media(src: str, sources: SourceInfo, where: str) -> MediaInfo:
    """Return what a probe found in a file.

    Raises:
        SourceUnreadable: it is not media, or a playlist, or was not read.
    """
    media = sources.get(src)
    if not isinstance(media, MediaInfo):
        raise _unreadable(src, "is not readable media", where)
    if media.other_kind is not None:
        raise _unreadable(src, f"is {media.other_kind}", where, _CONVERT)
    if _PLAYLIST_FORMATS & set(media.format.split(",")):
        raise _unreadable(src, "is a playlist of other files", where)
    return media


def find_text(src: str, sources: SourceInfo, where: str) -> str:
    """Return the text of a file.

    Raises:
        SourceUnreadable: it is not text, or was not read.
    """
    text = sources.get(src)
    if not isinstance(text, str):
        raise _unreadable(src, "is not text", where)
    return text


def find_video_stream(layer: VideoLayer, sources: SourceInfo, where: str) -> StreamInfo:
    """Return the video stream of a layer's file.

    Raises:
        InvalidJob: the file is a still image or audio.
        SourceUnreadable: it is not media.
        SourceTooLarge: it has too many pixels.
    """
    media = find_media(layer.src, sources, where)
    stream = media.video
    if stream is None or not stream.width or not stream.height:
        raise _wrong_kind(layer.src, "has no video", "audio" if media.audio else "image", where)
    if _is_still(media):
        raise _wrong_kind(layer.src, "is a still image", "image", where)
    _check_pixels(layer.src, (stream.width, stream.height), where)
    return stream


def image_size(layer: ImageLayer, sources: SourceInfo, where: str) -> tuple[int, int] | None:
    """Return width and height of an image as displayed; `None` if only rendering it tells.

    Raises:
        InvalidJob: the file is a video or audio.
        SourceUnreadable: it is not an image.
        SourceTooLarge: it has too many pixels.
    """
    fact = sources.get(layer.src)
    if isinstance(fact, str):
        return _svg_size(fact)
    media = find_media(layer.src, sources, where)
    if media.still_size is not None:
        _check_pixels(layer.src, media.still_size, where)
        return media.still_size
    # Cover art counts: some probes mark every single image as an attached picture.
    stream = media.video or next((stream for stream in media.streams if stream.kind == "video"), None)
    if stream is None or media.audio is not None:
        raise _wrong_kind(layer.src, "is not an image", "video" if media.video else "audio", where)
    if media.format in _VIDEO_FORMATS:
        raise _wrong_kind(layer.src, "is a video", "video", where)
    if media.format in _NOT_DRAWN:
        raise _unreadable(layer.src, f"is {_NOT_DRAWN[media.format]}", where, _CONVERT)
    _check_pixels(layer.src, (stream.width or 0, stream.height or 0), where)
    return display_size(stream)


def is_opaque_image(src: str, sources: SourceInfo) -> bool:
    """Whether an image file certainly has no alpha channel."""
    media = sources.get(src)
    # The opacity of a HEIF picture is a picture of its own.
    is_known = isinstance(media, MediaInfo) and media.still_size is None
    formats = [stream.pix_fmt for stream in media.streams] if isinstance(media, MediaInfo) and is_known else []
    return bool(formats) and all(form is not None and not _MAY_HAVE_ALPHA.match(form) for form in formats)


def display_size(stream: StreamInfo) -> tuple[int, int] | None:
    """Return width and height with square pixels, after rotation."""
    if not stream.width or not stream.height:
        return None
    width, height = max(1, round(stream.width * stream.sample_aspect)), stream.height
    return (height, width) if stream.rotation % 180 != 0 else (width, height)


def is_hdr(stream: StreamInfo) -> bool:
    """Whether a stream must be tone-mapped before it is mixed with others."""
    return stream.color[2] in _HDR_TRANSFERS


def resolve_clip(layer: VideoLayer | AudioLayer, sources: SourceInfo, where: str) -> Clip:
    """Return the used part of a layer's file.

    Raises:
        InvalidJob: it starts after the end of the file.
        SourceUnreadable: the file is not media.
    """
    media = find_media(layer.src, sources, where)
    stream = media.video if isinstance(layer, VideoLayer) else media.audio
    length = (stream and stream.duration_s) or media.duration_s
    trim = layer.trim or Trim()
    begin, end = trim.start, trim.end
    if not length:
        return Clip(begin, MAX_DURATION_S if end is None else end, is_known=end is not None)
    if begin >= length:
        raise InvalidJob(
            f"The trim starts at {begin:g} s, but the file ends at {length:g} s.",
            code="trim_outside",
            hint="Start it earlier.",
            where={"field": f"{where}.trim.start"},
        )
    return Clip(begin, length if end is None else min(end, length), missing_s=max(0.0, (end or 0.0) - length))


def _check_pixels(src: str, size: tuple[int, int], where: str) -> None:
    if size[0] * size[1] > MAX_LAYER_PIXELS:
        raise SourceTooLarge(
            f'"{display_name(src)}" has {size[0]} x {size[1]} pixels.',
            hint=f"Make it smaller: {MAX_LAYER_PIXELS // 10**6} million pixels is the maximum.",
            where={"field": f"{where}.src"},
        )


def _is_still(media: MediaInfo) -> bool:
    name = media.format
    return media.still_size is not None or (
        name != "gif"
        and (name in _IMAGE_FORMATS or name.endswith("_pipe"))
        and ((media.video and media.video.frames) or 1) == 1
    )


def _svg_size(text: str) -> tuple[int, int] | None:
    """Read the size that an SVG states, without interpreting the document."""
    root = _SVG.search(text[:100_000])
    if root is None:
        return None
    sides = [re.search(_SVG_SIDE.format(side), root.group(1)) for side in ("width", "height")]
    view = _VIEW_BOX.search(root.group(1))
    found = [side.group(1) for side in sides if side]
    if len(found) < 2 and view is not None:
        found = re.split(r"[\s,]+", view.group(1).strip())[2:4]
    try:
        width, height = (float(side) for side in found)
    except ValueError:
        return None
    return (max(1, round(width)), max(1, round(height))) if 0 < width < 1e6 and 0 < height < 1e6 else None


def _unreadable(src: str, reason: str, where: str, hint: str | None = None) -> SourceUnreadable:
    return SourceUnreadable(
        f'"{display_name(src)}" {reason}.',
        hint=hint or "Check that the file is complete and of the kind that the layer needs.",
        where={"field": f"{where}.src"},
    )


def _wrong_kind(src: str, reason: str, kind: str, where: str) -> InvalidJob:
    return InvalidJob(
        f'"{display_name(src)}" {reason}.',
        code="wrong_kind_of_source",
        hint=f'If that is the file you mean, make it a layer of "type": "{kind}".',
        where={"field": f"{where}.src"},
    )
