"""Resolves a composition and what its files contain to a scene, its audio, and what must be prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.composition import Composition, Font
from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.composition.media_layers import AudioLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.audio_mix import AudioMix, Sound
from ffmpeg_worker.scene.clips import SourceInfo
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.preparation import Preparation
from ffmpeg_worker.scene.reference_box import ReferenceBox, even_side, resolve_number
from ffmpeg_worker.scene.resolve_audio import resolve_audio
from ffmpeg_worker.scene.resolve_context import ResolveContext
from ffmpeg_worker.scene.resolve_elements import resolve_elements
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer, iterate_layers, resolve_timing
from ffmpeg_worker.scene.scene import FontFile, Scene
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget
from ffmpeg_worker.scene.timeline import frame_at


@dataclass(frozen=True, slots=True)
class Resolved:
    """A composition with everything decided.

    Attributes:
        scene: what the renderer draws.
        audio: what is mixed.
        preparations: files of the scene that must be produced before it is drawn.
        warnings: what is odd but can be rendered.
    """

    scene: Scene
    audio: AudioMix
    preparations: tuple[Preparation, ...] = ()
    warnings: tuple[LintWarning, ...] = ()


def resolve(
    composition: Composition,
    sources: SourceInfo,
    *,
    file_of: Callable[[str], str],
    render_scale: float = 1.0,
    fps: float | None = None,
    draws_ass: bool = True,
    subtitles: SubtitleBudget | None = None,
) -> Resolved:
    """Resolve a composition whose variables are filled in.

    Args:
        sources: what is known of each `src`, by its spelling in the composition.
        file_of: the file of a `src`, as the scene names it.
        render_scale: drawn pixels per pixel of the composition; sides are rounded to even numbers.
        fps: replaces the frame rate of the composition.
        draws_ass: whether FFmpeg can draw ASS subtitles with libass; otherwise only their texts are used.
        subtitles: counts the subtitles of all rows of a job.

    Raises:
        InvalidJob: `where["field"]` is the JSON path of what must be changed.
        SourceUnreadable: a file is not what its layer needs.
        SourceTooLarge: an image or a video has too many pixels.
    """
    rate = exact_rate(composition.fps if fps is None else fps)
    length, layers = resolve_timing(composition, sources)
    frames = frame_at(length, rate)
    fonts = tuple(_font(font, file_of) for font in composition.fonts)
    by_id, budget = _index_by_id(layers), subtitles or SubtitleBudget()
    context = ResolveContext(sources, file_of, rate, by_id, fonts, draws_ass, budget)
    reference = _canvas_reference(composition, render_scale)
    elements = resolve_elements(layers, reference, context)
    sounds = resolve_audio(layers, context)
    if frames == 0 or not (elements or sounds):
        raise _empty(layers, frames)
    size = int(reference.width), int(reference.height)
    background = parse_color(composition.background)
    scene = Scene(*size, rate.as_integer_ratio(), frames, background, elements, fonts)
    mix = _mix(composition, sounds, frames / rate)
    return Resolved(scene, mix, tuple(context.preparations), (*context.warnings, *_find_unheard_layers(layers)))


def frame_range(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """Return the range of frames of a part: the first one, and the one after the last.

    Raises:
        InvalidJob: the part contains no frame.
    """
    rate = Fraction(*scene.fps)
    first = 0 if start_s is None else max(0, frame_at(start_s, rate))
    last = scene.frames if end_s is None else min(scene.frames, frame_at(end_s, rate))
    if last <= first:
        raise InvalidJob(
            "The requested part contains no frame.",
            code="empty_part",
            hint=f"The composition lasts {float(scene.frames / rate):g} s; the part must end after it starts.",
            where={"field": "endTime"},
        )
    return first, last


def _mix(composition: Composition, sounds: tuple[Sound, ...], length_s: Fraction) -> AudioMix:
    volume = resolve_number(composition.audio.volume)
    return AudioMix(sounds, float(length_s), composition.audio.loudness, volume)


def _index_by_id(layers: tuple[ScheduledLayer, ...]) -> dict[str, ScheduledLayer]:
    return {
        scheduled.layer.id: scheduled for scheduled in iterate_layers(layers) if scheduled.layer.id is not None
    }


def _font(font: Font, file_of: Callable[[str], str]) -> FontFile:
    is_italic = None if font.style is None else font.style == "italic"
    return FontFile(font.family, file_of(font.src), font.weight, is_italic)


def _canvas_reference(composition: Composition, render_scale: float) -> ReferenceBox:
    width, height = (float(even_side(side * render_scale)) for side in (composition.width, composition.height))
    return ReferenceBox(width, height, canvas_shorter_side=min(width, height), pixel_scale=render_scale)


def _find_unheard_layers(layers: tuple[ScheduledLayer, ...]) -> Iterator[LintWarning]:
    for scheduled in iterate_layers(layers):
        if isinstance(scheduled.layer, AudioLayer) and scheduled.length_s <= 0:
            hint = "Start it earlier, or make the composition longer."
            yield LintWarning(
                scheduled.where, "never_heard", "The sound starts after the end of the composition.", hint
            )


def _empty(layers: tuple[ScheduledLayer, ...], frames: int) -> InvalidJob:
    return InvalidJob(
        "The composition is empty: "
        + ("it is shorter than one frame." if frames == 0 and layers else "no layer is ever visible or audible."),
        code="nothing_to_show",
        hint="Add a layer, or make its layers longer.",
        where={"field": "duration" if frames == 0 and layers else "layers"},
    )
