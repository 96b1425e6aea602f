"""The filter graphs of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ffmpeg_worker.command.command_line import CommandLine
from ffmpeg_worker.command.filter_graph import GRAPH_OPTIONS, Filter, UnreadableGraphError, read_filter_graph


@dataclass(frozen=True, slots=True)
class Graph:
    """The filters of one graph in order; `is_input` says whether it is an input (`-f lavfi -i …`)."""

    filters: tuple[Filter, ...]
    is_input: bool = False


def graph_texts(line: CommandLine) -> Iterator[tuple[str, bool]]:
    """The texts of all graphs, and whether each is an input."""
    for option in line.options():
        if option.value and option.name in GRAPH_OPTIONS:
            yield option.value, False
    for group in line.inputs:
        if group.value_of("f") == "lavfi":
            yield group.url, True


def read_graphs(line: CommandLine) -> Iterator[Graph]:
    """All graphs of a command; one that FFmpeg would refuse ends where it is wrong."""
    for text, is_input in graph_texts(line):
        filters: list[Filter] = []
        with suppress(UnreadableGraphError):
            filters.extend(read_filter_graph(text))
        yield Graph(tuple(filters), is_input)
