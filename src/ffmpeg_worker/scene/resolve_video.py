"""Resolves video layers, and the chroma key of videos and images."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.composition import layer_base as written
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.media_layers import VideoLayer
from ffmpeg_worker.scene.clips import Clip, display_size, find_video_stream, is_hdr, resolve_clip
from ffmpeg_worker.scene.content import ChromaKey, VideoContent
from ffmpeg_worker.scene.geometry import aspect_ratio, canvas_box, resolve_crop
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.preparation import ToneMapping
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer

_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})


def resolve_video(
    layer: VideoLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve a video layer; an HDR video is tone-mapped first.

    Raises:
        InvalidJob: its file is not a video, or its trim or crop is outside of the file.
        SourceUnreadable: its file is not media.
    """
    stream = find_video_stream(layer, context.sources, scheduled.where)
    size = display_size(stream) or (1, 1)
    crop = resolve_crop(layer.crop, size, scheduled.where)
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
        rotation=-stream.rotation % 360,
        is_interlaced=stream.field_order in _INTERLACED,
        chroma_key=resolve_chroma_key(layer.chroma_key),
    )
    if is_hdr(stream):
        content = _tone_map(content, layer, scheduled, context)
    return ResolvedContent(content, canvas_box(layer, reference, aspect_ratio(size, crop)), crop)


def _tone_map(
    content: VideoContent, layer: VideoLayer, scheduled: ScheduledLayer, context: ResolveContext
) -> VideoContent:
    """Return the content of a preparation; a known one that covers the part is reused."""
    end = content.end_s
    if not layer.loop:
        # One second longer: frames do not lie exactly at the requested times.
        end = min(end, content.begin_s + scheduled.length_s * layer.speed + 1.0)
    parts = (known for known in context.preparations if isinstance(known, ToneMapping) and known.end_s >= end)
    part = next((known for known in parts if (known.src, known.begin_s) == (layer.src, content.begin_s)), None)
    if part is None:
        name = f"_{content.file.rpartition('/')[2]}.sdr{len(context.preparations)}.mkv"
        part = ToneMapping(scheduled.where, layer.src, content.file, name, content.begin_s, end)
        context.preparations.append(part)
    return replace(
        content, file=part.prepared, begin_s=0.0, end_s=end - content.begin_s, rotation=0, is_interlaced=False
    )


def _warn_about_length(
    layer: VideoLayer, scheduled: ScheduledLayer, clip: Clip, warnings: list[LintWarning]
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


def resolve_chroma_key(key: written.ChromaKey | None) -> ChromaKey | None:
    """Resolve the chroma key of a video or an image."""
    return None if key is None else ChromaKey(parse_color(key.color), key.similarity, key.blend)
