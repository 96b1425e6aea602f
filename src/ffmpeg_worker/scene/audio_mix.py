"""The audio of a composition as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.scene.curve import Number


@dataclass(frozen=True, slots=True)
class Fade:
    """A change of the gain from silence to full, or back.

    Attributes:
        direction: `in` or `out`. Before a fade in and after a fade out there is silence.
        begin_s: its begin, in seconds since the start of the sound; below 0 if the sound starts within it.
        length_s: its length.
        is_equal_power: the gain is a quarter of a sine, so that two different sounds that cross-fade keep their
            power; otherwise it is a straight line.
    """

    direction: Literal["in", "out"]
    begin_s: float
    length_s: float
    is_equal_power: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound on the timeline.

    Attributes:
        where: JSON path of its layer, for errors.
        id: id of its layer.
        file: source file.
        begin_s, end_s: the part of the file that is played, in seconds of the file.
        start_s: when it starts on the timeline; for the sound of a video, the time of a frame.
        length_s: how long it lasts on the timeline; silence follows the end of the file.
        speed: factor; keeps the pitch.
        loops: play the part again at its end.
        volume: factor; times of curves are seconds since `start_s`.
        fades: fades, of which all hold.
        duck_under: ids of the sounds under which this one is made quieter.
        pan: -1 is left, 1 is right.
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
    fades: tuple[Fade, ...] = ()
    duck_under: tuple[str, ...] = ()
    pan: Number = 0.0


@dataclass(frozen=True, slots=True)
class AudioMix:
    """All sounds, mixed over `length_s`.

    `loudness` is the integrated loudness to reach in LUFS (`None`: unchanged), `volume` a factor of the mix.
    """

    sounds: tuple[Sound, ...]
    length_s: float
    loudness: float | None = None
    volume: Number = 1.0
