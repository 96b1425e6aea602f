"""How one thing that a command can name was judged, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class ValueKind(Enum):
    """What a value stands for, which decides how it is looked at."""

    TEXT = auto()
    """Never the name of a file, and run by nobody: titles, expressions, lists of numbers."""
    FLAG = auto()
    """An option without a value."""
    READ = auto()
    """A file of the job's own directory."""
    WRITE = auto()
    """A file, a pattern or the beginning of a name to write there."""
    FONT = auto()
    """A file or folder to read, or one of the system's fonts."""
    INPUT_FORMAT = auto()
    OUTPUT_FORMAT = auto()
    GRAPH = auto()
    DICTIONARY = auto()
    """More options, `key=value:key=value`, each judged like one of the command."""
    PARAMETERS = auto()
    """Parameters of an encoder's library, `key=value:key=value`, by a list of keys."""
    BITSTREAM_FILTERS = auto()
    DEVICE = auto()
    """Hardware: its kind, a number, or a render node."""
    STREAM_MAP = auto()
    """Variants of a playlist; their names become part of file names."""
    SEGMENT_FLAGS = auto()
    """Flags of the HLS muxer; some of them delete what a playlist names."""
    MODEL = auto()
    """Models of libvmaf: by version, or a file."""
    PROGRESS = auto()
    """Where progress goes; the worker has a place of its own for it."""
    THREADS = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """A judgement on several names at once, with one reason for all of them.

    `instead` tells a caller who meets a refusal what to do.
    """

    kind: ValueKind
    names: tuple[str, ...]
    reason: str
    instead: str = ""


def rule(kind: ValueKind, names: str, reason: str, instead: str = "") -> Rule:
    """A judgement on the words of `names`."""
    return Rule(kind, tuple(names.split()), reason, instead)


def index_by_name(reviews: Iterable[Rule]) -> dict[str, Rule]:
    """Each name's judgement.

    Raises:
        ValueError: a name is judged twice.
    """
    found: dict[str, Rule] = {}
    for one in reviews:
        for name in one.names:
            if name in found:
                raise ValueError(f'"{name}" is judged twice')
            found[name] = one
    return found
