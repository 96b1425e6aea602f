"""Subtitles that say how they look (.ass, .ssa): what libass is given, and when its picture changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.subtitles.parse import MAX_CUES

_LINE_END = re.compile(r"\r\n|\r|\n")  # libass knows no others
_TIME = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?\s*")
_FADE = re.compile(r"\\fad\(\s{0,9}(\d{1,7})\s{0,9},\s{0,9}(\d{1,7})\s{0,9}\)")
_SYLLABLE = re.compile(r"\\ko?(\d{1,6})(?=[\\}])")
_MOVES = re.compile(r"\\\s*(?:t|mo|fad|k|K)")
"""Tags whose picture depends on the time. Some are no more than begun like one, which costs frames, not truth."""

_FORMAT = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_HEAD = ("[Script Info]", "ScriptType: v4.00+", "YCbCr Matrix: None")
"""Of some kind a file has to be. Colours are what they are in red, green and blue, not what old players made of
them on a video."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Milliseconds between which the picture may be another in each frame, and once more at the end."""

    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Script:
    """`text` is for libass. At `edges_ms` and in `stretches` its picture may change, nowhere else."""

    text: str
    edges_ms: frozenset[int]
    stretches: tuple[Stretch, ...]

    def moments(self, fps: Fraction, frames: int) -> tuple[int, ...]:
        """The frames, of so many from 0 on, that may differ from the one before; the first one is among them."""
        found = {0, *(frame for edge in self.edges_ms if (frame := _frame(edge, fps)) < frames)}
        reached = 0
        for stretch in sorted(self.stretches, key=lambda stretch: stretch.begin_ms):
            end = min(_frame(stretch.end_ms, fps) + 1, frames)
            found.update(range(max(_frame(stretch.begin_ms, fps), reached), end))
            reached = max(reached, end)
        return tuple(sorted(found))


def time_of_frame(frame: int, fps: Fraction) -> int:
    """In milliseconds, as ffmpeg tells libass."""
    return frame * 1000 * fps.denominator // fps.numerator


def read_script(text: str) -> Script:
    """What libass draws of a file.

    Times are written anew, so that it reads what is read here; events without a time that can be are left out.

    Raises:
        SourceUnreadable: nothing is left to be drawn, or far too much.
    """
    lines, events = [*_HEAD], []
    fields: Sequence[str] = _FORMAT
    section = ""
    for line in _LINE_END.split(text.lstrip("\ufeff")):
        plain = line.strip()
        if plain.startswith("["):
            section = plain.lower()
        if section == "[events]" and plain.startswith("Format:"):
            fields = [name.strip().lower() for name in plain.removeprefix("Format:").split(",")]
        if plain.startswith("Dialogue:"):
            event = _read_event(plain.removeprefix("Dialogue:"), fields)
            if event is None:
                continue
            events.append(event)
            line = event.line  # noqa: PLW2901 - the same line, its times written anew
        if not plain.lower().startswith("ycbcr matrix:"):
            lines.append(line)
    _check(events)
    edges = frozenset(edge for event in events for edge in (event.begin_ms, event.end_ms, *event.edges()))
    stretches = tuple(stretch for event in events for stretch in event.stretches())
    return Script("\n".join(lines) + "\n", edges, stretches)


@dataclass(frozen=True, slots=True)
class _Event:
    line: str
    begin_ms: int
    end_ms: int
    effect: str
    text: str

    def stretches(self) -> Iterator[Stretch]:
        """When it moves; fades that are plain move at both ends only."""
        fades, syllables = _FADE.findall(self.text), _SYLLABLE.findall(self.text)
        if self.effect or len(_MOVES.findall(self.text)) > len(fades) + len(syllables):
            yield Stretch(self.begin_ms, self.end_ms)
            return
        for come, go in fades:
            yield Stretch(self.begin_ms, min(self.begin_ms + int(come), self.end_ms))
            yield Stretch(max(self.end_ms - int(go), self.begin_ms), self.end_ms)

    def edges(self) -> Iterator[int]:
        """When syllables that change at once do so."""
        time = self.begin_ms
        for hundredths in _SYLLABLE.findall(self.text):
            time += int(hundredths) * 10
            if time >= self.end_ms:
                return
            yield time


def _read_event(written: str, fields: Sequence[str]) -> _Event | None:
    values = written.split(",", len(fields) - 1)
    if len(values) < len(fields) or not {"start", "end", "text"} <= set(fields):
        return None
    by_name = dict(zip(fields, values, strict=True))
    begin, end = _read_time(by_name["start"]), _read_time(by_name["end"])
    if begin is None or end is None or end <= begin:
        return None
    values[fields.index("start")], values[fields.index("end")] = _written(begin), _written(end)
    line = f"Dialogue: {','.join(values).lstrip()}"
    return _Event(line, begin, end, by_name.get("effect", "").strip(), by_name["text"])


def _read_time(text: str) -> int | None:
    """In milliseconds; of thousandths hundredths are kept, as libass knows no others."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    hundredths = int((match.group(4) or "").ljust(2, "0")[:2])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def _written(time_ms: int) -> str:
    seconds, thousandths = divmod(time_ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths // 10:02d}"


def _frame(time_ms: int, fps: Fraction) -> int:
    """The first frame that is not before a time."""
    return -(-time_ms * fps.numerator // (1000 * fps.denominator))


def _check(events: Sequence[_Event]) -> None:
    reason, hint = "hold no cue", "Send .srt, .vtt or .ass, as UTF-8."
    if len(events) > MAX_CUES:
        reason, hint = f"hold more than {MAX_CUES} cues", "Send fewer."
    elif events:
        return
    raise SourceUnreadable(f"The subtitles {reason}.", code="unreadable_subtitles", hint=hint)
