"""ffmpeg's log made plain: no addresses, no level tags, one wording for old and new versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_MAX_LINE = 1000

_LINE = re.compile(
    r"(?P<contexts>(?:\[[^\[\]]{1,200}? @ (?:0x)?[0-9a-f]{1,16}\] ?)*)"
    r"(?:(?P<library>x26[45]|Svt) ?)?"
    r"(?:\[(?P<level>panic|fatal|error|warning|warn|info|verbose|debug|trace)\]:? ?)?"
    r"(?P<text>.*)"
)
_ADDRESS = re.compile(r" ?@ (?:0x)?[0-9a-f]{6,16}\b")
_FILE_PREFIX = re.compile(r"(?<![\w/.-])file:(?=[^\s'\"])")
_CONTEXT = re.compile(r"\[([^\[\]]+?)(?: @ [^\]]*)?\]")
_LOUD_LEVELS = frozenset({"panic", "fatal", "error"})
_QUIET_LEVELS = frozenset({"info", "verbose", "debug", "trace"})
_INTERNAL = re.compile(r"a?buffer|graph_\S+_in_.*")
_INTERNAL_VALUE = re.compile(r"(?:parameter '|option )time_base\b")
_METADATA = re.compile(r"(?!encoder +: Lav)[\w-]+ *: ")
_KEPT_INFO = "Exiting normally, received signal"
_REASONS = re.compile(
    r"No such file or directory|Permission denied|Is a directory|Not a directory|File name too long"
    r"|Invalid data found when processing input|Invalid argument|Protocol not found|Connection refused"
    r"|Connection timed out|Input/output error|Operation not permitted|Server returned .*|End of file"
)
_CONSEQUENCES = re.compile(
    r"Conversion failed!|Error opening (?:input|output) files?\b|Error initializing (?:the muxer|filter|complex)"
    r"|Error while opening (?:en|de)coder|Error (?:re)?initializing filters|Error initializing output stream"
    r"|Error sending frames to consumers|Task finished with error|Terminating thread with"
    r"|Could not open encoder before EOF|Nothing was written into output file|Failed to inject frame"
    r"|Error while processing the decoded data|Error splitting the argument list|Error parsing (?:options|global)"
    r"|Error applying encoder options|Could not write header|Error selecting an encoder|Error linking filters"
    r"|Error marking filters as finished|Error opening input: Invalid data|Invalid argument$|Error : "
    r"|opening (?:input|output) .*: Invalid argument$|\d+ frames left in the queue|encoded \d+ frames|$"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who said it (outermost first), how loud, and what."""

    contexts: tuple[str, ...]
    level: str | None
    text: str

    def __str__(self) -> str:
        return "".join(f"[{context}] " for context in self.contexts) + self.text


def read_log(stderr: str, *, everything: bool = False) -> list[Line]:
    """The lines that can explain a failure, in order; what is only information is left out.

    `everything` keeps information too, but never what a file says of itself (title, comment, …): the threads of
    newer versions write at once, and an error may stand in the middle of another line. A log without level tags
    is kept whole.
    """
    lines = []
    for raw in stderr.splitlines():
        line = _read_line(raw)
        quiet = line.level in _QUIET_LEVELS and not line.text.startswith(_KEPT_INFO)
        dropped = quiet and (not everything or _METADATA.match(line.text))
        if line.text and not dropped and not _is_internal(line):
            lines.append(line)
    return lines


def _is_internal(line: Line) -> bool:
    """Whether a filter that ffmpeg puts in itself speaks: what it says always follows from something else."""
    return any(map(_INTERNAL.fullmatch, line.contexts)) or bool(_INTERNAL_VALUE.search(line.text))


def _read_line(raw: str) -> Line:
    match = _LINE.match(raw[:_MAX_LINE].strip())
    if match is None:
        return Line((), None, "")
    contexts = _CONTEXT.findall(match["contexts"])
    if match["library"]:
        contexts.append(match["library"])
    text = _FILE_PREFIX.sub("", _ADDRESS.sub("", match["text"]))
    return Line(tuple(contexts), match["level"], text.strip())


def openings(lines: Sequence[Line], arguments: Sequence[str]) -> list[str]:
    """What could not be opened, as `opening input NAME: REASON` or `opening output NAME: REASON`.

    FFmpeg 5 writes only `NAME: REASON` and leaves open which side it means: the command tells.
    """
    found = []
    reason = ""
    tagged = any(line.level for line in lines)
    for line in lines:
        if match := re.match(r"Error opening input: (.+)", line.text):
            reason = match[1]
        elif match := re.match(r"Error opening input file (.+)\.$", line.text):
            found.append(f"opening input {match[1]}: {reason}")
        elif match := re.match(r"Error opening output (?!files?\b)(.+: .+)", line.text):
            found.append(f"opening output {match[1]}")
        elif (
            line.level in _LOUD_LEVELS or not tagged
        ) and not line.contexts:  # else it is the rest of a line that was cut
            found += _opening_of_old(line, arguments)
    return found


def _opening_of_old(line: Line, arguments: Sequence[str]) -> list[str]:
    match = re.fullmatch(rf"(?!Error |Failed )(.*): ({_REASONS.pattern})", line.text)
    if match is None:
        return []
    name, reason = match.groups()
    inputs = {plain_name(value) for flag, value in pairwise(arguments) if flag == "-i"}
    # With neither a command nor tags, only what looks like a file name is taken for one.
    if name in inputs or (not arguments and (line.level or re.fullmatch(r"\S*[./]\S*", name))):
        return [f"opening input {name}: {reason}"]
    return [f"opening output {name}: {reason}"] if name in map(plain_name, arguments) else []


def plain_name(argument: str) -> str:
    """A file name as the caller knows it, without the prefix that keeps it from being read as an option or URL."""
    return argument.removeprefix("file:")


def main_complaint(lines: Sequence[Line]) -> str | None:
    """The line that most likely names the cause, with who said it; None when nothing was said.

    Follow-up lines ("Conversion failed!") and lines that come again and again (a damaged stream) give way.
    """
    telling = [line for line in lines if line.text != "Conversion failed!"]
    loud = [line for line in telling if line.level is None or line.level in _LOUD_LEVELS] or telling
    causes = [line for line in loud if not _CONSEQUENCES.match(line.text)]
    shapes = [re.sub(r"\d+", "0", str(line)) for line in causes]
    rare = [line for line, shape in zip(causes, shapes, strict=True) if shapes.count(shape) <= 2]
    best = next(iter(rare or causes or loud), None)
    if best is None:
        return None
    speaker = next((name for name in map(_speaker, reversed(best.contexts)) if name), "")
    return f"{speaker}: {best.text}" if speaker else best.text


def _speaker(context: str) -> str:
    """A log context in words; empty when the name says nothing to a caller."""
    for pattern, words in _SPEAKERS:
        if match := pattern.fullmatch(context):
            return match.expand(words)
    return context


_SPEAKERS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"in#(\d+).*", r"input \1"),
        (r"out#(\d+).*", r"output \1"),
        (r"[vasd]ist#(\d+:\d+).*", r"input stream \1"),
        (r"[vasd]ost#(\d+:\d+).*", r"output stream \1"),
        (r"enc:(.+)", r"encoder \1"),
        (r"dec:(.+)", r"decoder \1"),
        (r"Parsed_(\w+?)_\d+", r"filter \1"),
        (r"[va]f#(\d+:\d+).*", r"filters of output stream \1"),
        (r"fc#.*|AVFilterGraph", r"filter graph"),
        (r"Eval|NULL|AVFormatContext|AVStream|IMGUTILS", r""),
    )
)
