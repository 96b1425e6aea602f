"""The files that the filters `movie` and `amovie` of a graph open."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ffmpeg_worker.command.filter_graph import (
    Filter,
    UnreadableGraphError,
    read_filter_graph,
    write_option_pairs,
)

_FILTERS = frozenset({"movie", "amovie"})
_FILE = "filename"
_FORMAT_OPTIONS = "format_opts"
# Others say how the file is opened (`format_name`, `format_opts`), or are not known here.
_KEPT = frozenset("stream_index si seek_point sp streams s loop discontinuity dec_threads".split())


def exchange_movies(graph: str, open_options: Callable[[str], Mapping[str, str] | None]) -> str:
    """The graph with descriptors instead of files.

    `open_options` is called with the name of each file. It returns the options with which `fd:` is opened instead,
    or `None` if the file stays. A filter stays, too, that says how its file is opened.
    """
    pieces: list[str] = []
    position = 0
    try:
        for found in read_filter_graph(graph):
            name = _file_of(found)
            options = None if name is None else open_options(name)
            if options is not None:
                start, end = found.span
                pieces += (graph[position:start], _write(found, options))
                position = end
    except UnreadableGraphError:  # FFmpeg says so
        return graph
    return "".join(pieces) + graph[position:]


def _file_of(movie: Filter) -> str | None:
    """The file that a filter opens; `None` if it is none of those that are exchanged."""
    if movie.name not in _FILTERS:
        return None
    name = None
    for index, (key, value) in enumerate(movie.options):
        if key == _FILE or (key is None and index == 0):
            name = value
        elif key not in _KEPT:
            return None
    return name


def _write(movie: Filter, options: Mapping[str, str]) -> str:
    kept = [(key, value) for key, value in movie.options if key in _KEPT]
    return write_option_pairs(
        [(_FILE, "fd:"), (_FORMAT_OPTIONS, ":".join(f"{key}={value}" for key, value in options.items())), *kept]
    )
