"""Parses ffmpeg's log into lines without memory addresses and level tags, alike for old and new versions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_MAX_LINE = 1000
_MAX_END = 20_000

_LINE = re.compile(
    r"(?P<contexts>(?:\[[^\[\]]{1,200}? @ (?:0x)?[0-9a-f]{1,16}\] ?)*)"
    r"(?:(?P<library>x26[45]|Svt) ?)?"
    r"(?:\[(?P<level>panic|fatal|error|warning|warn|info|verbose|debug|trace)\]:? ?)?"
    r"(?P<text>.*)"
)
_ADDRESS = re.compile(r" ?@ (?:0x)?[0-9a-f]{6,16}\b")
_FILE_PREFIX = re.compile(r"(?<![\w/.-])file:(?=[^\s'\"])")
_CONTEXT = re.compile(r"\[([^\[\]]+?)(?: @ [^\]]*)?\]")
_SEVERE_LEVELS = frozenset({"panic", "fatal", "error"})
_INFO_LEVELS = frozenset({"info", "verbose", "debug", "trace"})
_INTERNAL = re.compile(r"a?buffer|graph_\S+_in_.*")
_INTERNAL_VALUE = re.compile(r"(?:parameter '|option )time_base\b")
_METADATA = re.compile(r"(?!encoder +: Lav)[\w-]+ *: ")
# libav prints the name of a tag and its value apart, so that the error of another thread may stand between them.
# The value then follows in a line of its own. One error is the only sign of its cause: it counts behind any tag.
_INTERRUPTED = re.compile(r"encoder +: (?!Lav)(?P<text>.+)")
_REST = re.compile(r"\[info\] Lav[fc]\d")
_LOST_CAUSE = re.compile(r"[\w-]+ *: (?P<text>Invalid UTF-8 in decoded subtitles text.*)")
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
_CONTEXT_NAMES = (
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the contexts that logged it (outermost first), its level, and its text."""

    contexts: tuple[str, ...]
    level: str | None
    text: str

    def __str__(self) -> str:
        return "".join(f"[{context}] " for context in self.contexts) + self.text


def read_log(stderr: str, *, everything: bool = False) -> list[Line]:
    """Return the lines that can explain a failure, in order.

    Informational lines are left out, unless the log has no level tags. `everything` keeps them, except for the
    metadata of files (title, comment, …): the threads of newer versions write concurrently, so that an error may
    be in the middle of an informational line.
    """
    lines = []
    for raw, following in pairwise((*stderr.splitlines(), "")):
        line = _without_tag(_read_line(raw), following)
        is_info = line.level in _INFO_LEVELS and not line.text.startswith(_KEPT_INFO)
        dropped = is_info and (not everything or _METADATA.match(line.text))
        if line.text and not dropped and not _is_internal(line):
            lines.append(line)
    return _keep_both_ends(lines)


def _keep_both_ends(lines: list[Line]) -> list[Line]:
    """The lines without those between the first and the last `_MAX_END` characters.

    Some patterns take the square of a line's length: with this limit they stay under a tenth of a second.
    """
    kept = [*_count_up_to(_MAX_END, lines)]
    return kept + [*_count_up_to(_MAX_END, reversed(lines[len(kept) :]))][::-1]


def _count_up_to(characters: int, lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        characters -= len(str(line))
        if characters < 0:
            return
        yield line


def _is_internal(line: Line) -> bool:
    """Whether a line is from a filter that ffmpeg inserts itself; its errors always follow from others."""
    return any(map(_INTERNAL.fullmatch, line.contexts)) or bool(_INTERNAL_VALUE.search(line.text))


def _without_tag(line: Line, following: str) -> Line:
    """The error that was printed in the middle of a tag, or the line as it is."""
    if line.level not in _INFO_LEVELS:
        return line
    found = _LOST_CAUSE.fullmatch(line.text) or (_REST.match(following) and _INTERRUPTED.fullmatch(line.text))
    return Line((), "error", found["text"]) if found else line


def _read_line(raw: str) -> Line:
    match = _LINE.match(raw[:_MAX_LINE].strip())
    if match is None:
        return Line((), None, "")
    contexts = _CONTEXT.findall(match["contexts"])
    if match["library"]:
        contexts.append(match["library"])
    text = _FILE_PREFIX.sub("", _ADDRESS.sub("", match["text"]))
    return Line(tuple(contexts), match["level"], text.strip())


def find_open_failures(lines: Sequence[Line], arguments: Sequence[str]) -> list[str]:
    """List the files that could not be opened as `opening input NAME: REASON` or `opening output NAME: REASON`.

    FFmpeg 5 writes only `NAME: REASON`; the command tells whether it is an input or an output.
    """
    found = []
    reason = ""
    tagged = any(line.level for line in lines)
    names = {strip_protocol(argument) for argument in arguments}
    inputs = {strip_protocol(value) for flag, value in pairwise(arguments) if flag == "-i"}
    for line in lines:
        if match := re.match(r"Error opening input: (.+)", line.text):
            reason = match[1]
        elif match := re.match(r"Error opening input file (.+)\.$", line.text):
            found.append(f"opening input {match[1]}: {reason}")
        elif match := re.match(r"Error opening output (?!files?\b)(.+: .+)", line.text):
            found.append(f"opening output {match[1]}")
        elif (
            line.level in _SEVERE_LEVELS or not tagged
        ) and not line.contexts:  # otherwise it is the end of a truncated line
            found += _find_old_open_failure(line, names, inputs)
    return found


def _find_old_open_failure(line: Line, names: Collection[str], inputs: Collection[str]) -> list[str]:
    """`names` are all arguments of the command, `inputs` those after `-i`."""
    match = re.fullmatch(rf"(?!Error |Failed )(.*): ({_REASONS.pattern})", line.text)
    if match is None:
        return []
    name, reason = match.groups()
    # Without a command and tags, only text that looks like a file name counts as one.
    if name in inputs or (not names and (line.level or _looks_like_a_file(name))):
        return [f"opening input {name}: {reason}"]
    return [f"opening output {name}: {reason}"] if name in names else []


def _looks_like_a_file(name: str) -> bool:
    return ("." in name or "/" in name) and not any(map(str.isspace, name))


def strip_protocol(argument: str) -> str:
    """Remove the prefix `file:`, which keeps a file name from being read as an option or URL."""
    return argument.removeprefix("file:")


def find_main_complaint(lines: Sequence[Line]) -> str | None:
    """Return the line that most likely names the cause, after its context; None for an empty log.

    Consequences ("Conversion failed!") and lines that are repeated often (a damaged stream) come last.
    """
    relevant = [line for line in lines if line.text != "Conversion failed!"]
    severe = [line for line in relevant if line.level is None or line.level in _SEVERE_LEVELS] or relevant
    causes = [line for line in severe if not _CONSEQUENCES.match(line.text)]
    shapes = [re.sub(r"\d+", "0", str(line)) for line in causes]
    counts = Counter(shapes)
    rare = [line for line, shape in zip(causes, shapes, strict=True) if counts[shape] <= 2]
    best = next(iter(rare or causes or severe), None)
    if best is None:
        return None
    context = next((name for name in map(_describe_context, reversed(best.contexts)) if name), "")
    return f"{context}: {best.text}" if context else best.text


def _describe_context(context: str) -> str:
    """Describe a log context; empty if its name means nothing to a caller."""
    for pattern, words in _CONTEXT_NAMES:
        if match := re.fullmatch(pattern, context):
            return match.expand(words)
    return context
