"""Resolves waveform layers."""

from __future__ import annotations

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import find_media, resolve_clip
from ffmpeg_worker.scene.content import WaveformContent
from ffmpeg_worker.scene.geometry import canvas_box
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent, resolve_box_crop
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer

_DEFAULT_HEIGHT = Percent(25)


def resolve_waveform(
    layer: WaveformLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve a waveform layer.

    Raises:
        InvalidJob: its file or layer has no sound.
        SourceUnreadable: its file is not media.
    """
    file, begin, speed = _find_waveform_source(layer, scheduled, context)
    content = WaveformContent(
        file=file, color=parse_color(layer.color), begin_s=begin, speed=speed, look=layer.look, bars=layer.bars
    )
    sized = layer if layer.height is not None else layer.model_copy(update={"height": _DEFAULT_HEIGHT})
    box = canvas_box(sized, reference)
    return ResolvedContent(content, box, resolve_box_crop(layer, box, reference, scheduled.where))


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
