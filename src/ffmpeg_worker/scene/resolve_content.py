"""What each kind of layer shows, and in which box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ffmpeg_worker.composition import layer_base as written
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.layers import VisibleLayer
from ffmpeg_worker.composition.media_layers import AudioLayer, ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer, TextLayer
from ffmpeg_worker.composition.values import Percent
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import (
    Clip,
    SourceInfo,
    clip_of,
    image_size,
    is_hdr,
    media_of,
    picture_of,
    shown_size,
)
from ffmpeg_worker.scene.geometry import Box, Shares, aspect_of, filling_box, own_size_box, read_crop
from ffmpeg_worker.scene.preparation import Preparation, ToneMapping
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve_text_style import most_width, read_animation, read_style
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import (
    ChromaKey,
    Content,
    FontFile,
    ImageContent,
    TextContent,
    VideoContent,
    WaveformContent,
)
from ffmpeg_worker.scene.shapes import read_shape, shape_box
from ffmpeg_worker.scene.subtitles.libass_layer import drawn_subtitles, fonts_without_use, has_own_looks
from ffmpeg_worker.scene.subtitles.resolve import read_spoken, spoken_box

_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
_WAVEFORM_HEIGHT = Percent(25)


@dataclass(frozen=True, slots=True)
class ResolvedContent:
    """A content, its box, and what is cut off it."""

    content: Content
    box: Box
    crop: Shares | None = None


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """What layers are resolved with, and what comes up on the way.

    `draws_ass`: ffmpeg can draw subtitles with their own looks.
    """

    facts: SourceInfo
    file_of: Callable[[str], str]
    fps: Fraction
    by_id: Mapping[str, ScheduledLayer]
    fonts: tuple[FontFile, ...] = ()
    draws_ass: bool = True
    remarks: list[LintWarning] = field(default_factory=list)
    prepare: list[Preparation] = field(default_factory=list)


def show(
    layer: VisibleLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext
) -> ResolvedContent:
    """What a layer shows that is no group.

    Raises:
        InvalidJob: what it asks for cannot be.
        SourceUnreadable: its file is not what it should be.
    """
    if isinstance(layer, VideoLayer):
        return _video(layer, placed, room, given)
    if isinstance(layer, ImageLayer):
        return _image(layer, placed, room, given)
    if isinstance(layer, TextLayer):
        return _text(layer, placed, room)
    if isinstance(layer, ShapeLayer):
        box = shape_box(layer, room)
        return ResolvedContent(
            read_shape(layer, box, room, placed.where), box, _crop_of_box(layer, box, room, placed.where)
        )
    if isinstance(layer, SubtitlesLayer):
        return _subtitles(layer, placed, room, given)
    if isinstance(layer, WaveformLayer):
        return _waveform(layer, placed, room, given)
    raise AssertionError(type(layer))


def _crop_of_box(layer: VisualLayer, box: Box, room: ReferenceBox, where: str) -> Shares | None:
    if layer.crop is None:
        return None
    size = box.first_size
    return read_crop(layer.crop, size and (size[0] / room.per_pixel, size[1] / room.per_pixel), where)


def _video(
    layer: VideoLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext
) -> ResolvedContent:
    picture = picture_of(layer, given.facts, placed.where)
    size = shown_size(picture) or (1, 1)
    crop = None if layer.crop is None else read_crop(layer.crop, size, placed.where)
    clip = clip_of(layer, given.facts, placed.where)
    _remark_on_length(layer, placed, clip, given.remarks)
    content = VideoContent(
        file=given.file_of(layer.src),
        size=size,
        begin_s=clip.begin_s,
        end_s=clip.end_s,
        speed=layer.speed,
        loops=layer.loop,
        fit=layer.fit,
        # Probes count against the clock.
        rotation=-picture.rotation % 360,
        is_interlaced=picture.field_order in _INTERLACED,
        chroma_key=_chroma_key(layer.chroma_key),
    )
    if is_hdr(picture):
        content = _prepared(content, layer, placed, given)
    return ResolvedContent(content, filling_box(layer, room, aspect_of(size, crop)), crop)


def _prepared(
    content: VideoContent, layer: VideoLayer, placed: ScheduledLayer, given: ResolveContext
) -> VideoContent:
    end = content.end_s
    if not layer.loop:
        # One second more: frames do not lie where times do.
        end = min(end, content.begin_s + placed.length_s * layer.speed + 1.0)
    name = _prepared_name(
        ToneMapping(placed.where, layer.src, content.file, "", content.begin_s, end), given.prepare
    )
    return replace(content, file=name, begin_s=0.0, end_s=end - content.begin_s, rotation=0, is_interlaced=False)


def _prepared_name(wanted: ToneMapping, prepare: list[Preparation]) -> str:
    """The file of a preparation; one that is as good is used again."""
    for known in prepare:
        if not isinstance(known, ToneMapping):
            continue
        if (known.src, known.begin_s) == (wanted.src, wanted.begin_s) and known.end_s >= wanted.end_s:
            return known.prepared
    name = f"_{wanted.file.rpartition('/')[2]}.sdr{len(prepare)}.mkv"
    prepare.append(replace(wanted, prepared=name))
    return name


def _remark_on_length(
    layer: VideoLayer | AudioLayer, placed: ScheduledLayer, clip: Clip, remarks: list[LintWarning]
) -> None:
    if clip.missing_s > 0.1:
        remarks.append(
            LintWarning(
                placed.where,
                "source_too_short",
                f"The file ends {clip.missing_s:.2f} s before the part that is asked for.",
                "Trim less of it.",
            )
        )
    lacks = placed.length_s - clip.length_s / layer.speed
    if not layer.loop and clip.is_known and isinstance(layer.duration, float) and lacks > 0.1:
        remarks.append(
            LintWarning(
                placed.where,
                "source_too_short",
                f"The layer is there for {placed.length_s:.2f} s, but its file plays for {lacks:.2f} s less; "
                "its last picture stands still.",
                'Shorten the duration, slow it down, or let it "loop".',
            )
        )


def _image(
    layer: ImageLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext
) -> ResolvedContent:
    size = image_size(layer, given.facts, placed.where)
    crop = None if layer.crop is None else read_crop(layer.crop, size, placed.where)
    content = ImageContent(
        given.file_of(layer.src), layer.fit, layer.loop, chroma_key=_chroma_key(layer.chroma_key)
    )
    # An SVG that says nothing about its size is taken for a square.
    return ResolvedContent(content, filling_box(layer, room, 1.0 if size is None else aspect_of(size, crop)), crop)


def _chroma_key(key: written.ChromaKey | None) -> ChromaKey | None:
    return None if key is None else ChromaKey(parse_color(key.color), key.similarity, key.blend)


def _text(layer: TextLayer, placed: ScheduledLayer, room: ReferenceBox) -> ResolvedContent:
    box = own_size_box(layer, room)
    content = TextContent(
        text=layer.text,
        style=read_style(layer.style, room, box),
        most_width=most_width(box, room),
        animation=None if layer.animation is None else read_animation(layer.animation, placed.length_s),
    )
    return ResolvedContent(content, box, _crop_of_box(layer, box, room, placed.where))


def _subtitles(
    layer: SubtitlesLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext
) -> ResolvedContent:
    if not given.draws_ass or not has_own_looks(layer, given.facts):
        box = spoken_box(layer, room)
        content = read_spoken(layer, placed.where, room, box, given.facts, given.remarks)
        return ResolvedContent(content, box, _crop_of_box(layer, box, room, placed.where))
    drawing = drawn_subtitles(layer, placed, room, given.facts, given.fps, given.fonts)
    given.prepare.append(drawing)
    given.remarks.extend(fonts_without_use(given.fonts))
    crop = None if layer.crop is None else read_crop(layer.crop, drawing.full_size, placed.where)
    # One second more: at its end it stands still.
    film = VideoContent(
        drawing.prepared, drawing.size, 0.0, placed.length_s + 1.0, fit="contain", is_multiplied=True
    )
    return ResolvedContent(film, filling_box(layer, room, aspect_of(drawing.size, crop)), crop)


def _waveform(
    layer: WaveformLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext
) -> ResolvedContent:
    file, begin, speed = _sound_shown(layer, placed, given)
    content = WaveformContent(
        file=file, colour=parse_color(layer.color), begin_s=begin, speed=speed, look=layer.look, bars=layer.bars
    )
    sized = layer if layer.height is not None else layer.model_copy(update={"height": _WAVEFORM_HEIGHT})
    box = filling_box(sized, room)
    return ResolvedContent(content, box, _crop_of_box(layer, box, room, placed.where))


def _sound_shown(layer: WaveformLayer, placed: ScheduledLayer, given: ResolveContext) -> tuple[str, float, float]:
    """The file, where it begins to play, and how fast."""
    if layer.src is not None:
        src, begin, speed, field_name = layer.src, 0.0, 1.0, "src"
    else:
        other = given.by_id[layer.layer or ""]
        if not isinstance(other.layer, VideoLayer | AudioLayer):
            raise InvalidJob(
                f'A waveform shows the sound of "{layer.layer}", which is no layer with sound.',
                code="no_sound",
                hint="Name the id of an audio or video layer.",
                where={"field": f"{placed.where}.layer"},
            )
        src, speed, field_name = other.layer.src, other.layer.speed, "layer"
        clip = clip_of(other.layer, given.facts, other.where)
        begin = clip.begin_s + (placed.start_s - other.start_s) * speed
    if media_of(src, given.facts, placed.where).audio is None:
        raise InvalidJob(
            "A waveform shows the sound of a file that has none.",
            code="no_sound",
            hint="Use a file with sound.",
            where={"field": f"{placed.where}.{field_name}"},
        )
    return given.file_of(src), begin, speed
