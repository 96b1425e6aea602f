"""ASS scripts for libass, and the times at which the picture that it draws changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.budgets import MAX_DRAWN_SUBTITLES, MAX_SUBTITLE_CUES
from ffmpeg_worker.scene.subtitles.parse import unreadable

_LINE_END = re.compile(r"\r\n|\r|\n")  # the line ends of libass
_TIME = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?\s*")
_FADE = re.compile(r"\\fad\(\s{0,9}(\d{1,7})\s{0,9},\s{0,9}(\d{1,7})\s{0,9}\)")
_SYLLABLE = re.compile(r"\\ko?(\d{1,6})(?=[\\}])")
_MOVES = re.compile(r"\\\s*(?:t|mo|fad|k|K)")
"""Tags whose picture depends on the time.

The pattern also matches some tags whose picture does not: that costs frames, but not correctness.
"""

_MAX_TAGS = 5000
"""Tags of an event; if it has more, it is drawn for every frame."""

_FORMAT = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_HEAD = ("[Script Info]", "ScriptType: v4.00+", "YCbCr Matrix: None")
"""Script type and color matrix, which replace those of the file: colors are plain RGB."""


@dataclass(frozen=True, slots=True)
class AnimatedSpan:
    """A span in which the picture may change at every frame, and once more at its end."""

    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class AssScript:
    """An ASS script for libass; its picture changes only at `edges_ms` and within `animated_spans`."""

    text: str
    edges_ms: frozenset[int]
    animated_spans: tuple[AnimatedSpan, ...]

    def moments(self, fps: Fraction, frames: int) -> tuple[int, ...]:
        """Return the frames, of `frames` from 0 on, at which the picture may change; frame 0 is one of them."""
        found = {0, *(frame for edge in self.edges_ms if (frame := _frame(edge, fps)) < frames)}
        found.update(*self._animated_ranges(fps, frames))
        return tuple(sorted(found))

    def count_moments(self, fps: Fraction, frames: int) -> int:
        """Return how many moments there are at most, without listing them."""
        return 1 + len(self.edges_ms) + sum(map(len, self._animated_ranges(fps, frames)))

    def _animated_ranges(self, fps: Fraction, frames: int) -> Iterator[range]:
        """Yield disjoint ranges of frames at which the picture may change."""
        reached = 0
        for span in sorted(self.animated_spans, key=lambda span: span.begin_ms):
            end = min(_frame(span.end_ms, fps) + 1, frames)
            yield range(max(_frame(span.begin_ms, fps), reached), end)
            reached = max(reached, end)


def frame_time_ms(frame: int, fps: Fraction) -> int:
    """Return the time of a frame in milliseconds, rounded as FFmpeg passes it to libass."""
    return frame * 1000 * fps.denominator // fps.numerator


def parse_script(text: str) -> AssScript:
    """Parse an ASS or SSA file to what libass draws of it.

    Times are rewritten, so that libass uses the times parsed here. Events with invalid times are dropped.

    Raises:
        SourceUnreadable: the file has no event, or too many, or its picture changes too often.
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
            line = event.line  # noqa: PLW2901 - the same line with its times rewritten
        if not plain.lower().startswith("ycbcr matrix:"):
            lines.append(line)
    if not events:
        raise unreadable("have no cue", "Send .srt, .vtt or .ass, as UTF-8.")
    if len(events) > MAX_SUBTITLE_CUES:
        raise unreadable(f"have more than {MAX_SUBTITLE_CUES} cues", "Send fewer.")
    return _make_script("\n".join(lines) + "\n", events)


def _make_script(text: str, events: Sequence[_Event]) -> AssScript:
    edges: set[int] = set()
    spans: list[AnimatedSpan] = []
    for event in events:
        edges |= {event.begin_ms, event.end_ms, *event.edges()}
        spans += event.animated_spans()
        if len(edges) + len(spans) > MAX_DRAWN_SUBTITLES:
            raise unreadable("change too often", "Use fewer karaoke syllables and fades.")
    return AssScript(text, frozenset(edges), tuple(spans))


@dataclass(frozen=True, slots=True)
class _Event:
    line: str
    begin_ms: int
    end_ms: int
    effect: str
    text: str

    def animated_spans(self) -> Iterator[AnimatedSpan]:
        """Yield when the picture changes at every frame; plain fades change it only at both ends."""
        if self.effect or self._has_many_tags:
            yield AnimatedSpan(self.begin_ms, self.end_ms)
            return
        fades, syllables = _FADE.findall(self.text), _SYLLABLE.findall(self.text)
        if len(_MOVES.findall(self.text)) > len(fades) + len(syllables):
            yield AnimatedSpan(self.begin_ms, self.end_ms)
            return
        for fade_in, fade_out in fades:
            yield AnimatedSpan(self.begin_ms, min(self.begin_ms + int(fade_in), self.end_ms))
            yield AnimatedSpan(max(self.end_ms - int(fade_out), self.begin_ms), self.end_ms)

    def edges(self) -> Iterator[int]:
        """Yield when karaoke syllables change their color at once."""
        time = self.begin_ms
        for hundredths in () if self._has_many_tags else _SYLLABLE.findall(self.text):
            time += int(hundredths) * 10
            if time >= self.end_ms:
                return
            yield time

    @property
    def _has_many_tags(self) -> bool:
        return self.text.count("\\") > _MAX_TAGS


def _read_event(line: str, fields: Sequence[str]) -> _Event | None:
    values = line.split(",", len(fields) - 1)
    if len(values) < len(fields) or not {"start", "end", "text"} <= set(fields):
        return None
    by_name = dict(zip(fields, values, strict=True))
    begin, end = _read_time(by_name["start"]), _read_time(by_name["end"])
    if begin is None or end is None or end <= begin:
        return None
    values[fields.index("start")], values[fields.index("end")] = _format_time(begin), _format_time(end)
    rewritten = f"Dialogue: {','.join(values).lstrip()}"
    return _Event(rewritten, begin, end, by_name.get("effect", "").strip(), by_name["text"])


def _read_time(text: str) -> int | None:
    """Parse a time to milliseconds, rounded down to hundredths of a second as libass does."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    hundredths = int((match.group(4) or "").ljust(2, "0")[:2])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def _format_time(time_ms: int) -> str:
    seconds, thousandths = divmod(time_ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths // 10:02d}"


def _frame(time_ms: int, fps: Fraction) -> int:
    """Return the first frame at or after a time."""
    return -(-time_ms * fps.numerator // (1000 * fps.denominator))
