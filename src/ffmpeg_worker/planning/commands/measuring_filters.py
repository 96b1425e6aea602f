"""Finds the filters of a command that measure."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.command.command_line import CommandLine
from ffmpeg_worker.command.filter_graph import Filter
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.measurements.table import COLLECTORS, LOGGING_FILTERS
from ffmpeg_worker.planning.commands.filter_graphs import Graph, read_graphs
from ffmpeg_worker.planning.file_references import is_printed
from ffmpeg_worker.planning.option_policy.written_files import find_written_files

# FFmpeg cuts the names of instances.
_MAX_INSTANCE = 63
_PRINTING_OPTIONS = frozenset("psnr ssim benchmark benchmark_all".split())
_PRINTING_BITSTREAM_FILTERS = ("showinfo", "trace_headers")
_METADATA = frozenset({"metadata", "ametadata"})
_STANDARD_OUTPUT = frozenset({"-", "pipe:", "pipe:1", "/dev/stdout"})


def find_measuring_filters(line: CommandLine) -> tuple[MeasuringFilter, ...]:
    """The filters of a command that print what they measure."""
    return tuple(found for graph in read_graphs(line) for found in _measuring_filters(graph))


def make_recording(line: CommandLine) -> Recording:
    """Make the recording settings for a command."""
    written = (
        name for graph in read_graphs(line) for found in graph.filters for name in find_written_files(found)
    )
    has_stdout = any(name in _STANDARD_OUTPUT for name in written) or any(map(is_printed, line.outputs))
    return Recording(find_measuring_filters(line), has_stdout=has_stdout)


def prints_measurements(line: CommandLine) -> bool:
    """Whether an option or a bitstream filter of a command prints measurements into the log."""
    return any(
        option.name in _PRINTING_OPTIONS
        or (option.name == "bsf" and any(name in (option.value or "") for name in _PRINTING_BITSTREAM_FILTERS))
        for option in line.options()
    )


def _measuring_filters(graph: Graph) -> Iterator[MeasuringFilter]:
    selects_scenes = False
    for index, found in enumerate(graph.filters):
        selects_scenes = selects_scenes or _selects_scenes(found)
        if _measures(found):
            files = [*find_written_files(found)]
            to_stdout = any(name in _STANDARD_OUTPUT for name in files)
            instance = f"{found.name}@{found.label}" if found.label else f"Parsed_{found.name}_{index}"
            yield MeasuringFilter(
                found.name,
                instance[:_MAX_INSTANCE],
                is_input=graph.is_input,
                selects_scenes=selects_scenes,
                prints_to_stdout=to_stdout,
                prints_to_file=found.name in _METADATA and bool(files) and not to_stdout,
            )


def _measures(found: Filter) -> bool:
    if found.name in _METADATA:
        first, *_ = found.options or [(None, "")]
        return dict(found.options).get("mode", first[1] if first[0] is None else "") in {"print", "4"}
    return found.name in COLLECTORS or found.name in LOGGING_FILTERS


def _selects_scenes(found: Filter) -> bool:
    return found.name == "select" and any("scene" in value for _, value in found.options)
