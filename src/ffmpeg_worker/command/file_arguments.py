"""Reads the arguments of a finished command: which are names of inputs, and which are filter graphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.filter_graph import GRAPH_OPTIONS
from ffmpeg_worker.command.flag_options import option_name

_PARTIAL_OPTIONS = frozenset("ss sseof t to frames vframes aframes dframes fs shortest".split())
_PARTIAL_FILTER = re.compile(r"\b(?:a?trim|a?select)\b")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument.

    Attributes:
        text: as it is.
        is_input: whether it is the name after `-i`.
        is_graph: whether it is a filter graph.
        demuxer: value of `-f` of an input.
        safe: value of `-safe` of an input.
    """

    text: str
    is_input: bool = False
    is_graph: bool = False
    demuxer: str | None = None
    safe: str | None = None


def read_arguments(arguments: Sequence[str]) -> Iterator[Argument]:
    """The arguments of a command that the worker has made, in order: inputs first, then outputs."""
    options: dict[str, str] = {}
    previous = ""
    for text in arguments:
        if previous == "-i":
            demuxer = options.get("-f")
            is_graph = demuxer == "lavfi"
            yield Argument(text, not is_graph, is_graph, demuxer, options.get("-safe"))
            options = {}
        else:
            is_graph = previous.startswith("-") and option_name(previous) in GRAPH_OPTIONS
            yield Argument(text, is_graph=is_graph)
            options[previous] = text
        previous = text


def reads_to_the_end(arguments: Sequence[str]) -> bool:
    """Whether a command most likely reads its inputs from the beginning to the end, since it names no part."""
    options = {option_name(text) for text in arguments if text.startswith("-")}
    graphs = (each.text for each in read_arguments(arguments) if each.is_graph)
    return options.isdisjoint(_PARTIAL_OPTIONS) and not any(map(_PARTIAL_FILTER.search, graphs))
