"""Files that a job needs before it can run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.command.concat_list import read_entries
from ffmpeg_worker.command.movie_filters import exchange_movies
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.commands.read_chain import Chain, ReadCommand, all_outputs
from ffmpeg_worker.planning.commands.referenced_files import find_graphs, find_key_info_files
from ffmpeg_worker.planning.file_references import InputKind, input_key, is_concat_list, without_file_prefix
from ffmpeg_worker.planning.produced_names import ProducedNames
from ffmpeg_worker.planning.read_by_range import may_read_by_range

Inputs = Mapping[str, FileSource | TextSource]
# Texts that name other files, beside lists for the concat demuxer, which have no suffix of their own.
_NAMING_SUFFIXES = frozenset({".m3u8", ".m3u", ".mpd", ".cue"})


@dataclass(frozen=True, slots=True)
class RequiredInput:
    """One file to fetch.

    Attributes:
        key: its name in commands: the name of an input, or a path or URL as written.
        source: where it comes from.
        is_media: whether its streams and length matter.
        is_list: whether it is a concat list, whose entries are fetched too.
        produced: entries of such a list that the job itself writes, which are not fetched.
        names_inputs: whether the job has its text, which may name other inputs.
        is_key_info: whether it describes the key of an HLS playlist, whose file is fetched too.
        is_text: whether a plan depends on its content.
        by_range: whether it, or of a list the files that it names, may be opened now and fetched when it is read.
        field: JSON path that names it, in jobs that name many files.
    """

    key: str
    source: FileSource | TextSource
    is_media: bool = False
    is_list: bool = False
    produced: frozenset[str] = frozenset()
    names_inputs: bool = False
    is_key_info: bool = False
    is_text: bool = False
    by_range: bool = False
    field: str | None = None


def merge_required_inputs(
    inputs: Inputs, used: Iterable[RequiredInput], *, skip_remote: bool = False
) -> tuple[RequiredInput, ...]:
    """Every file of a job once: its own inputs, then those that commands, fields and layers use, maybe repeatedly.

    `skip_remote` leaves out files that would have to be downloaded.

    Raises:
        InvalidJob: an input has a name that no file can have; with `where.input`.
    """
    merged: dict[str, RequiredInput] = {}
    for name, source in inputs.items():
        _check_source(name, source)
        if not (skip_remote and _is_remote(source)):
            merged[name] = RequiredInput(name, source)
    for required in used:
        if skip_remote and _is_remote(required.source):
            continue
        known = merged.get(required.key, required)
        merged[required.key] = replace(
            known,
            is_media=known.is_media or required.is_media,
            is_list=known.is_list or required.is_list,
            produced=known.produced | required.produced,
            names_inputs=known.names_inputs or required.names_inputs,
            is_key_info=known.is_key_info or required.is_key_info,
            is_text=known.is_text or required.is_text,
            by_range=known.by_range or required.by_range,
            field=known.field or required.field,
        )
    return tuple(merged.values())


def require_named(text: str, inputs: Inputs, *, is_media: bool = False, by_range: bool = False) -> RequiredInput:
    """The file that a field such as `input1` names; `by_range`: what reads it can wait for its bytes.

    Raises:
        InvalidJob: an unknown placeholder, or a name no file can have.
    """
    key = input_key(text, inputs)
    source = inputs.get(key) or FileSource(url=key)
    return RequiredInput(key, source, is_media=is_media, by_range=by_range and may_read_by_range(source))


def require_chain(chain: Chain, inputs: Inputs) -> Iterator[RequiredInput]:
    """The files that the commands of a chain read, but for those that earlier commands write."""
    produced = ProducedNames()
    for command in chain.commands:
        yield from _require_command(command, inputs, produced)
        for output in all_outputs(command):
            if output.name is not None:
                produced.add(output.name)


def _require_command(command: ReadCommand, inputs: Inputs, produced: ProducedNames) -> Iterator[RequiredInput]:
    for group, reference in zip(command.line.inputs, command.inputs, strict=True):
        if reference.kind in {InputKind.SOURCE, InputKind.JOINED}:
            for key in reference.keys:
                if not produced.include(key):
                    source = inputs.get(key) or FileSource(url=key)
                    is_list = is_concat_list(group) or (not group.has("f") and _is_ffconcat(source))
                    names = frozenset(produced) if is_list else frozenset()
                    yield RequiredInput(
                        key,
                        source,
                        is_media=not is_list,
                        is_list=is_list,
                        produced=names,
                        names_inputs=_may_name_inputs(source, inputs, is_list=is_list),
                        by_range=reference.kind is InputKind.SOURCE
                        and (
                            _may_list_by_range(source, group, inputs)
                            if is_list
                            else may_read_by_range(source, group)
                        ),
                    )
                    if is_list and isinstance(source, TextSource):
                        yield from _require_entries(source, inputs)
    yield from _require_movies(command, inputs)
    for text in find_key_info_files(command.line):
        key = placeholders.sole_name(text) or text
        if key in inputs:
            key_info = inputs[key]
            if isinstance(key_info, TextSource):
                placeholders.check_names(key_info.content, inputs)
            yield RequiredInput(key, key_info, is_key_info=True)


def _may_list_by_range(source: FileSource | TextSource, group: FileGroup, inputs: Inputs) -> bool:
    """Whether the files that a list names may be read by range: it may name URLs, and descriptors.

    FFmpeg takes descriptors for unsafe names; `-safe 0` is the default of the worker.
    """
    if group.value_of("safe") not in {None, "0"}:
        return False
    if isinstance(source, TextSource):
        return "://" in source.content or any(_require_entries(source, inputs))
    return source.scheme is not None


def _require_entries(source: TextSource, inputs: Inputs) -> Iterator[RequiredInput]:
    """Inputs that a list names: it can wait for their bytes."""
    for entry in read_entries(source.content):
        key = placeholders.sole_name(entry.name) or entry.name
        if key in inputs and may_read_by_range(inputs[key]):
            yield RequiredInput(key, inputs[key], by_range=True)


def _require_movies(command: ReadCommand, inputs: Inputs) -> Iterator[RequiredInput]:
    """Inputs that the filters `movie` and `amovie` open: they can wait for their bytes."""
    opened: list[str] = []
    for graph in find_graphs(command.line):
        exchange_movies(graph, opened.append)
    for name in opened:
        key = placeholders.sole_name(name) or name
        if key in inputs and may_read_by_range(inputs[key]):
            yield RequiredInput(key, inputs[key], by_range=True)


def _is_ffconcat(source: FileSource | TextSource) -> bool:
    return (source.name if isinstance(source, TextSource) else source.url).lower().endswith(".ffconcat")


def _may_name_inputs(source: FileSource | TextSource, inputs: Inputs, *, is_list: bool) -> bool:
    """Whether a text may name other inputs: lists and playlists that the job itself has.

    Raises:
        InvalidJob: it names an input that does not exist.
    """
    if not isinstance(source, TextSource):
        return False
    if not is_list and PurePosixPath(source.name).suffix.lower() not in _NAMING_SUFFIXES:
        return False
    placeholders.check_names(source.content, inputs)
    return True


def _is_remote(source: FileSource | TextSource) -> bool:
    return isinstance(source, FileSource) and source.scheme is not None


def _check_source(name: str, source: FileSource | TextSource) -> None:
    if isinstance(source, FileSource) and source.scheme is None:
        try:
            check_name(without_file_prefix(source.url), what="input")
        except WorkerError as error:
            raise error.at(input=name) from None
