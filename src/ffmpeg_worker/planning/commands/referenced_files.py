"""Files that options and filter graphs name: those they may read, and those they write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ffmpeg_worker.command.command_line import CommandLine
from ffmpeg_worker.command.filter_graph import split_escaped
from ffmpeg_worker.planning.commands.filter_graphs import graph_texts, read_graphs
from ffmpeg_worker.planning.option_policy.encoder_parameters import find_files_to_read
from ffmpeg_worker.planning.option_policy.written_files import WRITING_OPTIONS, find_written_files

_FILE_OPTIONS = frozenset("attach filter_script filter_complex_script hls_key_info_file".split())
_WORD = re.compile(r"[^\s=:,;'\"\[\]|\\]++")
_EXTENSION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,7}")
# Filters that read a file which the command need not name.
_READ_BY_DEFAULT = {"vidstabtransform": "transforms.trf"}


def find_referenced_files(line: CommandLine) -> Iterator[str]:
    """Names in filter graphs and file options that may be files under the data root."""
    for graph in find_graphs(line):
        yield from filter(_has_extension, _WORD.findall(graph))
        for _, value in find_filter_parameters(graph):
            if _has_extension(value) and not value[0].isspace():
                yield value
    for option in line.options():
        if option.value and (option.name in _FILE_OPTIONS or option.token.startswith("-/")):
            yield option.value
        yield from find_files_to_read(option.name, option.value or "")


def find_mentioned_names(line: CommandLine) -> Iterator[str]:
    """Whatever may be the name of a file in the options, inputs and lists for the tee muxer of a command."""
    texts = [option.value for option in line.options() if option.value]
    texts += [group.url for group in line.inputs]
    for group in line.outputs:
        if group.value_of("f") == "tee":
            texts += [entry.rpartition("]")[2] for entry in split_escaped(group.url, "|")]
    for text in texts:
        yield text
        yield from (word.removeprefix("./") for word in _WORD.findall(text))
    for graph in find_graphs(line):
        yield from (value.removeprefix("./") for _, value in find_filter_parameters(graph))
    for one in read_graphs(line):
        yield from (_READ_BY_DEFAULT[found.name] for found in one.filters if found.name in _READ_BY_DEFAULT)


def find_key_info_files(line: CommandLine) -> Iterator[str]:
    """Information files for HLS encryption; the second line of each names the key file."""
    return (option.value for option in line.options() if option.name == "hls_key_info_file" and option.value)


def side_outputs(line: CommandLine) -> Iterator[str]:
    """Files that options write beside the outputs: segment lists, logs of measuring filters, attachments."""
    names = [option.value for option in line.options() if option.value and option.name in WRITING_OPTIONS]
    names += [name for graph in read_graphs(line) for found in graph.filters for name in find_written_files(found)]
    yield from filter(_is_plain, dict.fromkeys(name.removeprefix("file:") for name in names))


def _has_extension(name: str) -> bool:
    stem, _, extension = name.rpartition(".")
    return bool(stem) and _EXTENSION.fullmatch(extension) is not None


def _is_plain(name: str) -> bool:
    """Whether a name is a file in the working directory, and not standard output."""
    return bool(name) and not name.startswith(("-", "/")) and not any(character in name for character in ":%{}")


def find_graphs(line: CommandLine) -> Iterator[str]:
    """The filter graphs of a command."""
    return (text for text, _ in graph_texts(line))


def find_filter_parameters(graph: str) -> Iterator[tuple[str, str]]:
    """Names and values of the parameters of all filters; the name of the first may be omitted.

    ffmpeg takes quotation marks and backslashes off twice: once for the graph, once for the filter.
    """
    for part in split_escaped(graph, "[],;"):
        for parameter in split_escaped(part.partition("=")[2], ":"):
            key, sign, value = parameter.partition("=")
            yield (key, value) if sign else ("", key)
