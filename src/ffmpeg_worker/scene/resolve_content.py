"""Resolves the content and the box of each kind of layer."""

from __future__ import annotations

from typing import assert_never

from ffmpeg_worker.composition.layers import SingleLayer
from ffmpeg_worker.composition.media_layers import ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer, TextLayer
from ffmpeg_worker.scene.clips import image_size, is_opaque_image
from ffmpeg_worker.scene.content import ImageContent, TextContent
from ffmpeg_worker.scene.geometry import aspect_ratio, canvas_box, content_box, resolve_crop
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent, resolve_box_crop
from ffmpeg_worker.scene.resolve_text_style import max_width, resolve_text_animation, resolve_text_style
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.resolve_video import resolve_chroma_key, resolve_video
from ffmpeg_worker.scene.resolve_waveform import resolve_waveform
from ffmpeg_worker.scene.shapes import resolve_shape
from ffmpeg_worker.scene.subtitles.resolve import resolve_subtitles


def resolve_content(
    layer: SingleLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve the content of a layer other than a group.

    Raises:
        InvalidJob: the layer asks for something impossible.
        SourceUnreadable: its file is not what it needs.
    """
    match layer:
        case VideoLayer():
            return resolve_video(layer, scheduled, reference, context)
        case ImageLayer():
            return _resolve_image(layer, scheduled, reference, context)
        case TextLayer():
            return _resolve_text(layer, scheduled, reference)
        case ShapeLayer():
            return resolve_shape(layer, scheduled, reference)
        case SubtitlesLayer():
            return resolve_subtitles(layer, scheduled, reference, context)
        case WaveformLayer():
            return resolve_waveform(layer, scheduled, reference, context)
        case _:
            assert_never(layer)


def _resolve_image(
    layer: ImageLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    size = image_size(layer, context.sources, scheduled.where)
    crop = resolve_crop(layer.crop, size, scheduled.where)
    content = ImageContent(
        context.file_of(layer.src),
        layer.fit,
        layer.loop,
        chroma_key=resolve_chroma_key(layer.chroma_key),
        is_opaque=is_opaque_image(layer.src, context.sources),
    )
    # An SVG without a size is square.
    return ResolvedContent(
        content, canvas_box(layer, reference, 1.0 if size is None else aspect_ratio(size, crop)), crop
    )


def _resolve_text(layer: TextLayer, scheduled: ScheduledLayer, reference: ReferenceBox) -> ResolvedContent:
    box = content_box(layer, reference)
    content = TextContent(
        text=layer.text,
        style=resolve_text_style(layer.style, reference, box),
        max_width=max_width(box, reference),
        animation=None if layer.animation is None else resolve_text_animation(layer.animation, scheduled.length_s),
    )
    return ResolvedContent(content, box, resolve_box_crop(layer, box, reference, scheduled.where))
