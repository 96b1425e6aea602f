"""Finds the frames of a scene that show one clip as it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.curve import Curve
from ffmpeg_worker.scene.scene import Element, Scene

_CLOSE = 1e-6
_LIMITED = frozenset({None, "tv"})
_BT709 = frozenset({None, "bt709"})


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """Frames `first` to `last` (exclusive) of a scene that show nothing but the clip of an element."""

    first: int
    last: int
    element: int


def find_clip_spans(
    scene: Scene, part: tuple[int, int], media: Mapping[str, MediaInfo], codec: str = "h264"
) -> tuple[ClipSpan, ...]:
    """Return the spans of a part of a scene whose pixels are those of a source of this codec.

    `media` is by staged file. Elements below the clip are hidden, so they do not matter, except in transitions.
    """
    spans: list[ClipSpan] = []
    for first, last in _split_at_changes(scene.elements, part):
        index = _find_top(scene.elements, first)
        if index is None or _has_transition(scene.elements, first):
            continue
        element = scene.elements[index]
        if not _fills_canvas(element, scene) or not _is_kept(element.content, scene, media, codec):
            continue
        if spans and (spans[-1].last, spans[-1].element) == (first, index):
            spans[-1] = replace(spans[-1], last=last)
        else:
            spans.append(ClipSpan(first, last, index))
    return tuple(spans)


def _split_at_changes(elements: Sequence[Element], part: tuple[int, int]) -> Iterator[tuple[int, int]]:
    edges = {edge for element in elements for edge in _edges(element) if part[0] < edge < part[1]}
    return itertools.pairwise(sorted({*part, *edges}))


def _edges(element: Element) -> Iterator[int]:
    yield from (element.first, element.last)
    if element.enter is not None:
        yield element.first + element.enter.frames
    if element.leave is not None:
        yield element.last - element.leave.frames


def _find_top(elements: Sequence[Element], frame: int) -> int | None:
    shown = (index for index, element in enumerate(elements) if element.first <= frame < element.last)
    return max(shown, default=None)


def _has_transition(elements: Sequence[Element], frame: int) -> bool:
    """Whether the uppermost element, or one that replaces another, is in a transition."""
    top = _find_top(elements, frame)
    for index, element in enumerate(elements):
        if not element.first <= frame < element.last or (index != top and element.replaces is None):
            continue
        if element.enter is not None and frame < element.first + element.enter.frames:
            return True
        if element.leave is not None and frame >= element.last - element.leave.frames:
            return True
    return False


def _fills_canvas(element: Element, scene: Scene) -> bool:
    """Whether an element shows each pixel of its content on the pixel of the canvas at the same place."""
    numbers = (element.x, element.y, element.width, element.height, element.scale, element.rotation)
    more = (element.opacity, element.blur, element.radius)
    if any(number is None or isinstance(number, Curve) for number in (*numbers, *more)):
        return False
    x, y, width, height, scale, rotation, opacity, blur, radius = (float(one) for one in (*numbers, *more))  # type: ignore[arg-type]
    left, top = x - element.anchor[0] * width, y - element.anchor[1] * height
    wanted = (scene.width, scene.height, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0)
    found = (width, height, left, top, scale, rotation, opacity, blur, radius)
    return (
        all(abs(one - other) < _CLOSE for one, other in zip(found, wanted, strict=True))
        and element.crop is None
        and element.blend == "normal"
    )


def _is_kept(content: object, scene: Scene, media: Mapping[str, MediaInfo], codec: str) -> bool:
    """Whether a content is a video whose frames are drawn as they are decoded."""
    if not isinstance(content, VideoContent):
        return False
    info = media.get(content.file)
    is_plain = content.speed == 1 and not content.rotation and not content.is_interlaced and not content.loops
    return (
        is_plain
        and content.chroma_key is None
        and not content.is_multiplied
        and content.size == (scene.width, scene.height)
        and info is not None
        and info.format in {"mov", "matroska"}
        and info.video is not None
        and info.video.codec == codec
        and _has_form_of_canvas(info.video, scene)
    )


def _has_form_of_canvas(video: StreamInfo, scene: Scene) -> bool:
    """Whether a stream is BT.709, limited range, 8-bit 4:2:0, or is taken for that by players."""
    color_range, matrix, transfer, primaries = (None if tag == "unknown" else tag for tag in video.color)
    # The defaults of `raster/media/color_space.py`.
    is_hd = scene.width >= 1280 or scene.height > 576
    return (
        video.pix_fmt == "yuv420p"
        and (video.width, video.height) == (scene.width, scene.height)
        and video.sample_aspect == 1
        and color_range in _LIMITED
        and (matrix == "bt709" or (matrix is None and is_hd))
        and transfer in _BT709
        and primaries in _BT709
    )
