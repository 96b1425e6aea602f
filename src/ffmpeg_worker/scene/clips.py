"""Files of layers: what they hold, and which part of it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ffmpeg_worker.composition.media_layers import AudioLayer, ImageLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob, SourceTooLarge, SourceUnreadable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.scene.limits import MAX_PIXELS

SourceInfo = Mapping[str, MediaInfo | str]
"""What is known of each `src` as written: what a probe found, or the text of subtitles and of an SVG."""

MOST_SECONDS = 4 * 3600.0
"""Where the length of a file is not known."""

_PICTURES = frozenset({"image2", "gif", "apng", "webp", "ico"})
_LISTS = frozenset({"hls", "dash", "concat", "imf", "sdp", "rtsp"})
_FILMS = frozenset({"mov", "matroska", "avi", "mpegts", "flv", "mpeg", "asf", "webm"})
_HDR = frozenset({"smpte2084", "arib-std-b67"})
_SVG = re.compile(r"<svg\b([^<>]{0,10000})>")
_SVG_SIDE = r"(?<![\w-]){}\s{{0,9}}=\s{{0,9}}[\"'](\d{{1,6}}(?:\.\d{{1,9}})?)(?:px)?[\"']"
_VIEW_BOX = re.compile(r"\bviewBox\s{0,9}=\s{0,9}[\"']([-+.\deE,\s]{1,100})[\"']")


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a file that is used, in its seconds; `is_known` is whether the file's length is.

    `missing_s` is how much more of it was asked for than there is.
    """

    begin_s: float
    end_s: float
    is_known: bool = True
    missing_s: float = 0.0

    @property
    def length_s(self) -> float:
        """How long it plays at its own speed."""
        return self.end_s - self.begin_s


def media_of(src: str, facts: SourceInfo, where: str) -> MediaInfo:
    """What a probe found in a file.

    Raises:
        SourceUnreadable: it is no media, or a playlist, or was not read.
    """
    media = facts.get(src)
    if not isinstance(media, MediaInfo):
        raise _unreadable(src, "holds no media that can be read", where)
    if _LISTS & set(media.format.split(",")):
        raise _unreadable(src, "is a list of other files", where)
    return media


def text_of(src: str, facts: SourceInfo, where: str) -> str:
    """The text of a file.

    Raises:
        SourceUnreadable: it is no text, or was not read.
    """
    text = facts.get(src)
    if not isinstance(text, str):
        raise _unreadable(src, "is no text", where)
    return text


def picture_of(layer: VideoLayer, facts: SourceInfo, where: str) -> StreamInfo:
    """The moving picture of a layer.

    Raises:
        InvalidJob: the file is a still picture or a sound.
        SourceUnreadable: it is no media.
        SourceTooLarge: it has too many pixels.
    """
    media = media_of(layer.src, facts, where)
    picture = media.video
    if picture is None or not picture.width or not picture.height:
        raise _other_kind(layer.src, "holds no moving picture", "audio" if media.audio else "image", where)
    if _is_still(media):
        raise _other_kind(layer.src, "is a still picture", "image", where)
    _check_pixels(layer.src, picture, where)
    return picture


def image_size(layer: ImageLayer, facts: SourceInfo, where: str) -> tuple[int, int] | None:
    """Width and height of an image as it is shown; `None` where only drawing it tells.

    Raises:
        InvalidJob: the file is a film or a sound.
        SourceUnreadable: it is no picture.
        SourceTooLarge: it has too many pixels.
    """
    fact = facts.get(layer.src)
    if isinstance(fact, str):
        return _svg_size(fact)
    media = media_of(layer.src, facts, where)
    # Pictures within sounds (covers) count: some probes mark any single picture so.
    picture = media.video or next((stream for stream in media.streams if stream.kind == "video"), None)
    if picture is None or media.audio is not None:
        raise _other_kind(layer.src, "is no picture", "video" if media.video else "audio", where)
    if media.format in _FILMS and (picture.frames or 2) > 1 and (media.duration_s or 0) > 1:
        raise _other_kind(layer.src, "is a film", "video", where)
    _check_pixels(layer.src, picture, where)
    return shown_size(picture)


def shown_size(picture: StreamInfo) -> tuple[int, int] | None:
    """Width and height with square pixels, after rotation."""
    if not picture.width or not picture.height:
        return None
    width, height = max(1, round(picture.width * picture.sample_aspect)), picture.height
    return (height, width) if picture.rotation % 180 != 0 else (width, height)


def is_hdr(picture: StreamInfo) -> bool:
    """Whether a picture must be tone-mapped before it is mixed with others."""
    return picture.color[2] in _HDR


def clip_of(layer: VideoLayer | AudioLayer, facts: SourceInfo, where: str) -> Clip:
    """The part of a layer's file that is used.

    Raises:
        InvalidJob: it begins after the file's end.
        SourceUnreadable: the file is no media.
    """
    media = media_of(layer.src, facts, where)
    stream = media.video if isinstance(layer, VideoLayer) else media.audio
    length = (stream and stream.duration_s) or media.duration_s
    begin = 0.0 if layer.trim is None else layer.trim.start
    end = None if layer.trim is None else layer.trim.end
    if not length:
        return Clip(begin, MOST_SECONDS if end is None else end, is_known=end is not None)
    if begin >= length:
        raise InvalidJob(
            f"The part that is used begins at {begin:g} s, but the file ends at {length:g} s.",
            code="trim_outside",
            hint="Let it begin earlier.",
            where={"field": f"{where}.trim.start"},
        )
    return Clip(begin, length if end is None else min(end, length), missing_s=max(0.0, (end or 0.0) - length))


def _check_pixels(src: str, picture: StreamInfo, where: str) -> None:
    if (picture.width or 0) * (picture.height or 0) > MAX_PIXELS:
        raise SourceTooLarge(
            f'"{display_name(src)}" has {picture.width} x {picture.height} pixels.',
            hint=f"Make it smaller: {MAX_PIXELS // 10**6} million pixels are the most.",
            where={"field": f"{where}.src"},
        )


def _is_still(media: MediaInfo) -> bool:
    name = media.format
    return (
        name != "gif"
        and (name in _PICTURES or name.endswith("_pipe"))
        and ((media.video and media.video.frames) or 1) == 1
    )


def _svg_size(text: str) -> tuple[int, int] | None:
    """What an SVG says about its size; nothing in it is interpreted."""
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


def _unreadable(src: str, reason: str, where: str) -> SourceUnreadable:
    return SourceUnreadable(
        f'"{display_name(src)}" {reason}.',
        hint="Check that the file is whole and of the kind that the layer shows.",
        where={"field": f"{where}.src"},
    )


def _other_kind(src: str, reason: str, kind: str, where: str) -> InvalidJob:
    return InvalidJob(
        f'"{display_name(src)}" {reason}.',
        code="wrong_kind_of_source",
        hint=f'If that is the file you mean, make it a layer of "type": "{kind}".',
        where={"field": f"{where}.src"},
    )
