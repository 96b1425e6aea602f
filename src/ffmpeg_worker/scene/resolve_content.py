"""Resolves the content and the box of each kind of layer."""

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
    display_size,
    find_media,
    find_video_stream,
    image_size,
    is_hdr,
    resolve_clip,
)
from ffmpeg_worker.scene.geometry import Box, CropFractions, aspect_ratio, canvas_box, content_box, resolve_crop
from ffmpeg_worker.scene.lint import LintWarning
from ffmpeg_worker.scene.preparation import Preparation, ToneMapping
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_text_style import max_width, resolve_text_animation, resolve_text_style
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
from ffmpeg_worker.scene.shapes import resolve_shape, shape_box
from ffmpeg_worker.scene.subtitles.libass_layer import (
    find_unsupported_fonts,
    is_drawn_by_libass,
    resolve_libass_layer,
)
from ffmpeg_worker.scene.subtitles.resolve import resolve_subtitles, subtitles_box

_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
_WAVEFORM_HEIGHT = Percent(25)


@dataclass(frozen=True, slots=True)
class ResolvedContent:
    """A content with its box and the visible part of it."""

    content: Content
    box: Box
    crop: CropFractions | None = None


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """Shared by all layers of a composition while they are resolved.

    Attributes:
        sources: what is known of each `src`.
        file_of: the file of a `src`, as the scene names it.
        fps: frame rate of the canvas.
        by_id: layers by their ids.
        fonts: fonts of the composition.
        draws_ass: whether FFmpeg can draw ASS subtitles with libass.
        warnings, preparations: collect what comes up.
    """

    sources: SourceInfo
    file_of: Callable[[str], str]
    fps: Fraction
    by_id: Mapping[str, ScheduledLayer]
    fonts: tuple[FontFile, ...] = ()
    draws_ass: bool = True
    warnings: list[LintWarning] = field(default_factory=list)
    preparations: list[Preparation] = field(default_factory=list)


def resolve_content(
    layer: VisibleLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve the content of a layer other than a group.

    Raises:
        InvalidJob: the layer asks for something impossible.
        SourceUnreadable: its file is not what it needs.
    """
    if isinstance(layer, VideoLayer):
        return _resolve_video(layer, scheduled, reference, context)
    if isinstance(layer, ImageLayer):
        return _resolve_image(layer, scheduled, reference, context)
    if isinstance(layer, TextLayer):
        return _resolve_text(layer, scheduled, reference)
    if isinstance(layer, ShapeLayer):
        box = shape_box(layer, reference)
        return ResolvedContent(
            resolve_shape(layer, box, reference, scheduled.where),
            box,
            _resolve_box_crop(layer, box, reference, scheduled.where),
        )
    if isinstance(layer, SubtitlesLayer):
        return _resolve_subtitles(layer, scheduled, reference, context)
    if isinstance(layer, WaveformLayer):
        return _resolve_waveform(layer, scheduled, reference, context)
    raise AssertionError(type(layer))


def _resolve_box_crop(layer: VisualLayer, box: Box, reference: ReferenceBox, where: str) -> CropFractions | None:
    if layer.crop is None:
        return None
    size = box.initial_size
    return resolve_crop(
        layer.crop, size and (size[0] / reference.pixel_scale, size[1] / reference.pixel_scale), where
    )


def _resolve_video(
    layer: VideoLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    picture = find_video_stream(layer, context.sources, scheduled.where)
    size = display_size(picture) or (1, 1)
    crop = None if layer.crop is None else resolve_crop(layer.crop, size, scheduled.where)
    clip = resolve_clip(layer, context.sources, scheduled.where)
    _warn_about_length(layer, scheduled, clip, context.warnings)
    content = VideoContent(
        file=context.file_of(layer.src),
        size=size,
        begin_s=clip.begin_s,
        end_s=clip.end_s,
        speed=layer.speed,
        loops=layer.loop,
        fit=layer.fit,
        # ffprobe counts counterclockwise.
        rotation=-picture.rotation % 360,
        is_interlaced=picture.field_order in _INTERLACED,
        chroma_key=_resolve_chroma_key(layer.chroma_key),
    )
    if is_hdr(picture):
        content = _prepared(content, layer, scheduled, context)
    return ResolvedContent(content, canvas_box(layer, reference, aspect_ratio(size, crop)), crop)


def _prepared(
    content: VideoContent, layer: VideoLayer, scheduled: ScheduledLayer, context: ResolveContext
) -> VideoContent:
    end = content.end_s
    if not layer.loop:
        # One second longer: frames do not lie exactly at the requested times.
        end = min(end, content.begin_s + scheduled.length_s * layer.speed + 1.0)
    name = _prepared_name(
        ToneMapping(scheduled.where, layer.src, content.file, "", content.begin_s, end), context.preparations
    )
    return replace(content, file=name, begin_s=0.0, end_s=end - content.begin_s, rotation=0, is_interlaced=False)


def _prepared_name(wanted: ToneMapping, preparations: list[Preparation]) -> str:
    """The file of a preparation; one that is as good is used again."""
    for known in preparations:
        if not isinstance(known, ToneMapping):
            continue
        if (known.src, known.begin_s) == (wanted.src, wanted.begin_s) and known.end_s >= wanted.end_s:
            return known.prepared
    name = f"_{wanted.file.rpartition('/')[2]}.sdr{len(preparations)}.mkv"
    preparations.append(replace(wanted, prepared=name))
    return name


def _warn_about_length(
    layer: VideoLayer | AudioLayer, scheduled: ScheduledLayer, clip: Clip, warnings: list[LintWarning]
) -> None:
    if clip.missing_s > 0.1:
        warnings.append(
            LintWarning(
                scheduled.where,
                "source_too_short",
                f"The file ends {clip.missing_s:.2f} s before the end of the trim.",
                "Trim a shorter part.",
            )
        )
    missing_s = scheduled.length_s - clip.length_s / layer.speed
    if not layer.loop and clip.is_known and isinstance(layer.duration, float) and missing_s > 0.1:
        warnings.append(
            LintWarning(
                scheduled.where,
                "source_too_short",
                f"The layer lasts {scheduled.length_s:.2f} s, but its file is {missing_s:.2f} s shorter; "
                "its last frame is held.",
                'Shorten the duration, reduce "speed", or set "loop".',
            )
        )


def _resolve_image(
    layer: ImageLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    size = image_size(layer, context.sources, scheduled.where)
    crop = None if layer.crop is None else resolve_crop(layer.crop, size, scheduled.where)
    content = ImageContent(
        context.file_of(layer.src), layer.fit, layer.loop, chroma_key=_resolve_chroma_key(layer.chroma_key)
    )
    # An SVG without a size is square.
    return ResolvedContent(
        content, canvas_box(layer, reference, 1.0 if size is None else aspect_ratio(size, crop)), crop
    )


def _resolve_chroma_key(key: written.ChromaKey | None) -> ChromaKey | None:
    return None if key is None else ChromaKey(parse_color(key.color), key.similarity, key.blend)


def _resolve_text(layer: TextLayer, scheduled: ScheduledLayer, reference: ReferenceBox) -> ResolvedContent:
    box = content_box(layer, reference)
    content = TextContent(
        text=layer.text,
        style=resolve_text_style(layer.style, reference, box),
        max_width=max_width(box, reference),
        animation=None if layer.animation is None else resolve_text_animation(layer.animation, scheduled.length_s),
    )
    return ResolvedContent(content, box, _resolve_box_crop(layer, box, reference, scheduled.where))


def _resolve_subtitles(
    layer: SubtitlesLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    if not context.draws_ass or not is_drawn_by_libass(layer, context.sources):
        box = subtitles_box(layer, reference)
        content = resolve_subtitles(layer, scheduled.where, reference, box, context.sources, context.warnings)
        return ResolvedContent(content, box, _resolve_box_crop(layer, box, reference, scheduled.where))
    drawing = resolve_libass_layer(layer, scheduled, reference, context.sources, context.fps, context.fonts)
    context.preparations.append(drawing)
    context.warnings.extend(find_unsupported_fonts(context.fonts))
    crop = None if layer.crop is None else resolve_crop(layer.crop, drawing.full_size, scheduled.where)
    # One second longer, so that the last frame is held until the end.
    video = VideoContent(
        drawing.prepared, drawing.size, 0.0, scheduled.length_s + 1.0, fit="contain", is_multiplied=True
    )
    return ResolvedContent(video, canvas_box(layer, reference, aspect_ratio(drawing.size, crop)), crop)


def _resolve_waveform(
    layer: WaveformLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    file, begin, speed = _find_waveform_source(layer, scheduled, context)
    content = WaveformContent(
        file=file, color=parse_color(layer.color), begin_s=begin, speed=speed, look=layer.look, bars=layer.bars
    )
    sized = layer if layer.height is not None else layer.model_copy(update={"height": _WAVEFORM_HEIGHT})
    box = canvas_box(sized, reference)
    return ResolvedContent(content, box, _resolve_box_crop(layer, box, reference, scheduled.where))


def _find_waveform_source(
    layer: WaveformLayer, scheduled: ScheduledLayer, context: ResolveContext
) -> tuple[str, float, float]:
    """Return the file of a waveform, its start in seconds of the file, and its speed."""
    if layer.src is not None:
        src, begin, speed, field_name = layer.src, 0.0, 1.0, "src"
    else:
        other = context.by_id[layer.layer or ""]
        if not isinstance(other.layer, VideoLayer | AudioLayer):
            raise InvalidJob(
                f'The waveform names "{layer.layer}", which is not a layer with sound.',
                code="no_sound",
                hint="Write the id of an audio or video layer.",
                where={"field": f"{scheduled.where}.layer"},
            )
        src, speed, field_name = other.layer.src, other.layer.speed, "layer"
        clip = resolve_clip(other.layer, context.sources, other.where)
        begin = clip.begin_s + (scheduled.start_s - other.start_s) * speed
    if find_media(src, context.sources, scheduled.where).audio is None:
        raise InvalidJob(
            "The file of the waveform has no sound.",
            code="no_sound",
            hint="Use a file with sound.",
            where={"field": f"{scheduled.where}.{field_name}"},
        )
    return context.file_of(src), begin, speed
