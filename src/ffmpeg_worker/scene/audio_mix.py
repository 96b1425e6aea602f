"""What is heard when: every sound of a composition as a value."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.scene.curve import Number


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound on the timeline.

    `begin_s` to `end_s` of the file are played at `speed`, and again and again if it `loops`; heard from
    `start_s` of the canvas (the time of a frame where it belongs to a picture) for `length_s`, with silence after
    the file's end. `volume` is a factor (1 is unchanged); the times of a curve, and both fades, are seconds of the
    sound as it is heard. `duck_under` names the sounds (`id`) under which it becomes quieter. `pan`: -1 left, 1
    right. `where` is the JSON path in the request, for errors.
    """

    where: str
    id: str | None
    file: str
    begin_s: float
    end_s: float
    start_s: float
    length_s: float
    speed: float = 1.0
    loops: bool = False
    volume: Number = 1.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    duck_under: tuple[str, ...] = ()
    pan: Number = 0.0


@dataclass(frozen=True, slots=True)
class SoundMix:
    """All sounds, and how they come together over `length_s`.

    `loudness` is the target of the whole in LUFS, `None` for as it is; `volume` a factor for the whole.
    """

    sounds: tuple[Sound, ...]
    length_s: float
    loudness: float | None = None
    volume: Number = 1.0
