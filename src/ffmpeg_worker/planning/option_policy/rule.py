"""A rule of the option policy: how the values of some options, filters or formats are checked, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class ValueKind(Enum):
    """Kind of a value, which decides how it is checked."""

    TEXT = auto()
    """Text that never names a file: titles, expressions, lists of numbers. Not checked."""
    FLAG = auto()
    """An option without a value."""
    READ = auto()
    """A file of the job's folder to read."""
    WRITE = auto()
    """A file to write in the job's folder: a name, a pattern or the beginning of a name."""
    FONT = auto()
    """A file or folder to read in the job's folder or among the system's fonts."""
    INPUT_FORMAT = auto()
    """A demuxer."""
    OUTPUT_FORMAT = auto()
    """A muxer."""
    GRAPH = auto()
    """A filter graph; every filter is checked."""
    DICTIONARY = auto()
    """More options as `key=value:key=value`, each checked like an option of the command."""
    PARAMETERS = auto()
    """Parameters of an encoder library as `key=value:key=value`, checked by a list of keys."""
    BITSTREAM_FILTERS = auto()
    """Names of bitstream filters, separated by commas."""
    DEVICE = auto()
    """A hardware device: its kind, a number or a render node."""
    STREAM_MAP = auto()
    """Variants of an HLS playlist; their names become part of file names."""
    SEGMENT_FLAGS = auto()
    """Flags of the HLS muxer; one of them deletes files that a playlist names."""
    MODEL = auto()
    """A model of libvmaf: a version, or a file to read."""
    PROGRESS = auto()
    """Target of progress reports; only a pipe is accepted."""
    THREADS = auto()
    """A number of threads or `auto`."""
    REFUSED = auto()
    """Never accepted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for several names.

    Attributes:
        kind: how values are checked.
        names: names of options (without dash), filters or formats.
        reason: why, as half a sentence; shown to callers if the rule refuses.
        instead: what a caller can do instead, as a sentence.
    """

    kind: ValueKind
    names: tuple[str, ...]
    reason: str
    instead: str = ""


def rule(kind: ValueKind, names: str, reason: str, instead: str = "") -> Rule:
    """A rule for the words of `names`."""
    return Rule(kind, tuple(names.split()), reason, instead)


def index_by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    """The rule of each name.

    Raises:
        ValueError: two rules have the same name.
    """
    found: dict[str, Rule] = {}
    for one in rules:
        for name in one.names:
            if name in found:
                raise ValueError(f'two rules name "{name}"')
            found[name] = one
    return found
