"""Parses subtitle files (.srt, .vtt, .ass, .ssa) to cues with the times of their words."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pysubs2

from ffmpeg_worker.budgets import MAX_SUBTITLE_CHARACTERS, MAX_SUBTITLE_CUES, MAX_SUBTITLE_LINE, MAX_TEXT
from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.content import Cue, Word

# None of these scans beyond the start of the next match, so that the time is linear in the length.
_ASS_TAGS = re.compile(r"\{[^{}]*\}")
_ASS_SYLLABLE = re.compile(r"\\[kK][fo]?(\d{1,6})")
_ASS_DRAWING = re.compile(r"\\p[1-9]")
_ASS_STYLING = re.compile(r"\\(?:pos|move|fade?|clip|frz)\b|\\an?\d|\\t\(|\\1?c&")
_ASS_SECTION = re.compile(r"^\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE | re.MULTILINE)
_OVERRIDES = re.compile(r"\{\\[^{}]*\}")
_FONT_TAG = re.compile(r"<font\b", re.IGNORECASE)
_VTT_SETTING = re.compile(r"\b(?:line|position|align|size|vertical|region):")
_VTT_CLASS = re.compile(r"<[a-z]{1,4}\.")
_VTT_TIME = re.compile(r"<(?:(\d{1,4}):)?(\d{2}):(\d{2})\.(\d{3})>")
_MARK = re.compile(r"<@(\d{1,12})>")
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")
_BLANK_LINES = re.compile(r"\n{2,}")
_SPACES = re.compile(r"[ \t]{2,}")


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues in order of time; `has_unsupported_styling` if the file has positions or styling that are dropped."""

    cues: tuple[Cue, ...]
    has_unsupported_styling: bool = False


def is_ass(text: str) -> bool:
    """Whether a subtitle file is ASS or SSA."""
    text = text.lstrip("\ufeff \n\r\t")
    return not text.startswith("WEBVTT") and _ASS_SECTION.search(text) is not None


def parse_subtitles(text: str) -> Subtitles:
    r"""Parse the text of a subtitle file.

    Words and syllables have times where the file has them: timestamps within WebVTT cues, `\k` in ASS.

    Raises:
        SourceUnreadable: the file, a line or a cue is too long; it has no cue, or invalid times.
    """
    text = _tidy(text)
    is_vtt = text.startswith("WEBVTT")
    try:
        if is_vtt:
            file = pysubs2.SSAFile.from_string(_cues_of_vtt(text), "vtt", keep_html_tags=True)
        elif is_ass(text):
            file = pysubs2.SSAFile.from_string(_lines_of_ass(text), "ass")
        else:
            file = pysubs2.SSAFile.from_string(text, "srt", keep_html_tags=True)
    except (pysubs2.Pysubs2Error, ValueError) as error:
        raise unreadable("have invalid times", "Check the times of its cues.") from error
    if len(file.events) > MAX_SUBTITLE_CUES:
        raise unreadable(f"have more than {MAX_SUBTITLE_CUES} cues", "Send fewer.")
    events = sorted(
        (event for event in file.events if event.end > event.start >= 0),
        key=lambda event: (event.start, event.end),
    )
    read_cue = _vtt_cue if is_vtt else _ass_cue if is_ass(text) else _srt_cue
    cues = (read_cue(event) for event in events)
    kept = tuple(cue for cue in cues if cue is not None)
    if not kept:
        raise unreadable("have no cue", "Send .srt, .vtt or .ass, as UTF-8.")
    styled = _has_vtt_styling(text) if is_vtt else any(_has_styling(event.text) for event in events)
    return Subtitles(kept, has_unsupported_styling=styled)


def _tidy(text: str) -> str:
    """Check the length of the text and of its lines, and collapse blank lines and spaces."""
    if len(text) > MAX_SUBTITLE_CHARACTERS:
        raise unreadable(f"are longer than {MAX_SUBTITLE_CHARACTERS} characters", "Send a shorter file.")
    lines = [_SPACES.sub(" ", line).strip() for line in text.lstrip("\ufeff").strip().splitlines()]
    if any(len(line) > MAX_SUBTITLE_LINE for line in lines):
        raise unreadable(f"have a line of more than {MAX_SUBTITLE_LINE} characters", "Send .srt, .vtt or .ass.")
    return _BLANK_LINES.sub("\n\n", "\n".join(lines))


def _has_styling(text: str) -> bool:
    """Whether a cue of SubRip or ASS has a position, a color or an effect."""
    return _ASS_STYLING.search(text) is not None or _FONT_TAG.search(text) is not None


def _has_vtt_styling(text: str) -> bool:
    """Whether a WebVTT file has cue settings, classes or style sheets."""
    return any(
        line == "STYLE"
        or _VTT_SETTING.search(line.partition("-->")[2]) is not None
        or _VTT_CLASS.search(line) is not None
        for line in text.split("\n")
    )


def _lines_of_ass(text: str) -> str:
    """Keep times and texts only; styles, fonts and margins are unused and may be invalid."""
    found = ["[Events]"]
    for line in text.split("\n"):
        fields = line.removeprefix("Dialogue:").split(",", 9)
        if line.startswith("Dialogue:") and len(fields) == 10:
            found.append(f"Dialogue: 0,{fields[1]},{fields[2]},Default,,0,0,0,,{fields[9]}")
    return "\n".join(found)


def _cues_of_vtt(text: str) -> str:
    """Drop notes, styles and cue identifiers, which pysubs2 would read as text."""
    blocks = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        at = next((index for index, line in enumerate(lines[:2]) if "-->" in line), None)
        if at is not None:
            # Cue settings follow the times; they may contain what looks like a time.
            begin, _, rest = lines[at].partition("-->")
            end = (rest.split() or [""])[0]
            said = _VTT_TIME.sub(_mark, "\n".join(lines[at + 1 :]))
            blocks.append(f"{begin.strip()} --> {end}\n{said}")
    return "WEBVTT\n\n" + "\n\n".join(blocks)


def _mark(time: re.Match[str]) -> str:
    """Replace a timestamp within a cue by a mark in milliseconds.

    pysubs2 takes a line with two timestamps for the start of a cue.
    """
    hours, minutes, seconds, thousandths = (int(part or 0) for part in time.groups())
    return f"<@{((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths}>"


def _vtt_cue(event: pysubs2.SSAEvent) -> Cue | None:
    said, *rest = _MARK.split(event.text.replace(r"\N", "\n"))
    pieces = [(event.start / 1000, said)]
    pieces += [(int(mark) / 1000, piece) for mark, piece in zip(rest[::2], rest[1::2], strict=True)]
    return _cue(event, [(time, html.unescape(_TAGS.sub("", piece))) for time, piece in pieces])


def _srt_cue(event: pysubs2.SSAEvent) -> Cue | None:
    """Read a cue of SubRip. Many tools write its texts as HTML, with character references."""
    text = _OVERRIDES.sub("", event.text).replace(r"\N", "\n").replace(r"\h", "\u00a0")
    return _cue(event, [(event.start / 1000, html.unescape(_TAGS.sub("", text)))])


def _ass_cue(event: pysubs2.SSAEvent) -> Cue | None:
    if _ASS_DRAWING.search("".join(_ASS_TAGS.findall(event.text))):
        return None
    raw = event.text.replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", "\u00a0")
    pieces: list[tuple[float, str]] = []
    at, begin, passed = event.start / 1000, 0, event.start / 1000
    for match in _ASS_TAGS.finditer(raw):
        pieces.append((at, raw[begin : match.start()]))
        begin = match.end()
        for hundredths in _ASS_SYLLABLE.findall(match.group()):
            at, passed = passed, passed + int(hundredths) / 100
    pieces.append((at, raw[begin:]))
    return _cue(event, [(time, _TAGS.sub("", piece)) for time, piece in pieces])


def _cue(event: pysubs2.SSAEvent, pieces: list[tuple[float, str]]) -> Cue | None:
    """Build a cue of pieces of text, each with its time in seconds."""
    text = "\n".join(line.strip() for line in "".join(piece for _, piece in pieces).strip().split("\n"))
    if not text:
        return None
    if len(text) > MAX_TEXT:
        raise unreadable(f"have a cue of more than {MAX_TEXT} characters", "Split it.")
    begin, end = event.start / 1000, event.end / 1000
    has_times = any(time != begin for time, _ in pieces)
    return Cue(begin, end, text, tuple(_timed_words(pieces, begin, end)) if has_times else ())


def _timed_words(pieces: list[tuple[float, str]], begin: float, end: float) -> Iterator[Word]:
    """Yield the words of pieces, and the syllables of words that several pieces share.

    Words of one piece share its time.
    """
    letters = [(letter, min(max(time, begin), end)) for time, piece in pieces for letter in piece]
    groups = itertools.groupby(letters, key=lambda letter: None if letter[0].isspace() else letter[1])
    units = [("".join(letter for letter, _ in group), time) for time, group in groups if time is not None]
    times = list(itertools.accumulate((time for _, time in units), max))
    index = 0
    for time, group in itertools.groupby(times):
        count = len(list(group))
        until = times[index + count] if index + count < len(times) else end
        for offset, (text, _) in enumerate(units[index : index + count]):
            yield Word(text, time + (until - time) * offset / count, time + (until - time) * (offset + 1) / count)
        index += count


def unreadable(reason: str, hint: str) -> SourceUnreadable:
    """Return the error of a subtitle file; `reason` continues "The subtitles …"."""
    return SourceUnreadable(f"The subtitles {reason}.", code="unreadable_subtitles", hint=hint)
