"""A composition and what its files hold become a scene, its sound, and what must be done first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.composition import Composition, Font
from ffmpeg_worker.composition.frame_rate import exact_rate
from ffmpeg_worker.composition.media_layers import AudioLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.audio_mix import SoundMix
from ffmpeg_worker.scene.clips import SourceInfo
from ffmpeg_worker.scene.preparation import Preparation
from ffmpeg_worker.scene.reference_box import ReferenceBox, even_side, read_number
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve_audio import read_sounds
from ffmpeg_worker.scene.resolve_content import ResolveContext
from ffmpeg_worker.scene.resolve_elements import read_elements
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer, arrange, every
from ffmpeg_worker.scene.scene import FontFile, Scene
from ffmpeg_worker.scene.timeline import frame_at


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything decided. Files of `scene` that are among `prepare` must be made before it is drawn."""

    scene: Scene
    sound: SoundMix
    prepare: tuple[Preparation, ...] = ()
    remarks: tuple[LintWarning, ...] = ()


def resolve(
    composition: Composition,
    facts: SourceInfo,
    *,
    file_of: Callable[[str], str],
    sound_file_of: Callable[[str], str] | None = None,
    render_scale: float = 1.0,
    fps: float | None = None,
    draws_ass: bool = True,
) -> Resolved:
    """Decide everything about a composition.

    Args:
        composition: with its variables filled in.
        facts: what is known of each `src` as written.
        file_of: the file that a `src` as written became, as the scene names it.
        sound_file_of: the same, as commands for the sound name it. Default: `file_of`.
        render_scale: drawn pixels for one pixel of the composition; sides are rounded to even numbers.
        fps: instead of the composition's own.
        draws_ass: whether ffmpeg can draw subtitles with their own looks; they are read as cues otherwise.

    Raises:
        InvalidJob: with the JSON path (`where["field"]`) of what must be changed.
        SourceUnreadable: a file is not what it should be.
        SourceTooLarge: a picture has too many pixels.
    """
    rate = exact_rate(composition.fps if fps is None else fps)
    length, layers = arrange(composition, facts)
    frames = frame_at(length, rate)
    by_id = {placed.layer.id: placed for placed in every(layers) if placed.layer.id is not None}
    fonts = tuple(_font(font, file_of) for font in composition.fonts)
    given = ResolveContext(facts, file_of, rate, by_id, fonts, draws_ass)
    room = _room(composition, render_scale)
    elements = read_elements(layers, room, given)
    sounds = read_sounds(layers, facts, sound_file_of or file_of, rate)
    if frames == 0 or not (elements or sounds):
        raise _nothing(layers, frames)
    scene = Scene(
        width=int(room.width),
        height=int(room.height),
        fps=(rate.numerator, rate.denominator),
        frames=frames,
        background=parse_color(composition.background),
        elements=elements,
        fonts=fonts,
    )
    mix = SoundMix(sounds, float(frames / rate), composition.audio.loudness, read_number(composition.audio.volume))
    return Resolved(scene, mix, tuple(given.prepare), (*given.remarks, *_never_heard(layers)))


def frame_range(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """The frames of a part of a scene: the first one, and the one after the last.

    Raises:
        InvalidJob: no frame lies in the part.
    """
    rate = Fraction(*scene.fps)
    first = 0 if start_s is None else max(0, frame_at(start_s, rate))
    last = scene.frames if end_s is None else min(scene.frames, frame_at(end_s, rate))
    if last <= first:
        raise InvalidJob(
            "No frame lies between the start and the end of the part that is asked for.",
            code="empty_part",
            hint=f"The composition lasts {float(scene.frames / rate):g} s; let the part end after it starts.",
            where={"field": "endTime"},
        )
    return first, last


def _font(font: Font, file_of: Callable[[str], str]) -> FontFile:
    is_italic = None if font.style is None else font.style == "italic"
    return FontFile(font.family, file_of(font.src), font.weight, is_italic)


def _room(composition: Composition, render_scale: float) -> ReferenceBox:
    width, height = (float(even_side(side * render_scale)) for side in (composition.width, composition.height))
    return ReferenceBox(width, height, canvas_short=min(width, height), per_pixel=render_scale)


def _never_heard(layers: tuple[ScheduledLayer, ...]) -> Iterator[LintWarning]:
    for placed in every(layers):
        if isinstance(placed.layer, AudioLayer) and placed.length_s <= 0:
            hint = "Let it start earlier, or give the composition a longer duration."
            yield LintWarning(placed.where, "never_heard", "The sound starts after the end.", hint)


def _nothing(layers: tuple[ScheduledLayer, ...], frames: int) -> InvalidJob:
    return InvalidJob(
        "The composition shows nothing: "
        + ("it lasts less than a frame." if frames == 0 and layers else "no layer is ever seen or heard."),
        code="nothing_to_show",
        hint="Give it a layer that is there for some time.",
        where={"field": "duration" if frames == 0 and layers else "layers"},
    )
