"""Which files a job needs before it can be planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ffmpeg_worker.composition.sources import NamedFile, find_named_files
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.actions.download import DownloadJob
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.job.actions.probe import ProbeJob
from ffmpeg_worker.job.actions.process import ProcessData, ProcessJob
from ffmpeg_worker.job.actions.upload import UploadJob
from ffmpeg_worker.job.actions.vmaf import VmafJob
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.commands.chain import ReadCommand, all_outputs, read_chain_files
from ffmpeg_worker.planning.file_references import InputKind, is_concat_list, is_made, without_file_prefix
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.transfer import download_name, download_source


@dataclass(frozen=True, slots=True)
class RequiredInput:
    """One file to fetch.

    `key` is what commands call it. `is_media`: its streams and length matter. `is_text`: what it says matters.
    `is_list`: a concat list, whose entries are fetched too, except those in `produced`, which the job itself
    writes. `field` is the JSON path that names it, where a job has many such.
    """

    key: str
    source: FileSource | TextSource
    is_media: bool = False
    is_list: bool = False
    produced: frozenset[str] = frozenset()
    is_text: bool = False
    field: str | None = None


def find_required_inputs(job: Job, *, option_policy: bool = True) -> tuple[RequiredInput, ...]:
    """Every file that the job names, each once; of a composition that is only looked through those that are here.

    Args:
        job: the job.
        option_policy: whether commands are judged, so that nothing is fetched for one that is refused.

    Raises:
        ForbiddenOption: a command holds what it may not.
        InvalidJob: a name no file can have, an unknown placeholder; with `where`.
    """
    needs: dict[str, RequiredInput] = {}
    is_offline = isinstance(job, CanvasJob) and job.data.lint
    for name, source in job.inputs.items():
        _check_source(name, source)
        if not (is_offline and _is_elsewhere(source)):
            needs[name] = RequiredInput(name, source)
    for need in _used(job, option_policy):
        if is_offline and _is_elsewhere(need.source):
            continue
        known = needs.get(need.key, need)
        needs[need.key] = replace(
            known,
            is_media=known.is_media or need.is_media,
            is_list=known.is_list or need.is_list,
            produced=known.produced | need.produced,
            is_text=known.is_text or need.is_text,
            field=known.field or need.field,
        )
    return tuple(needs.values())


def _is_elsewhere(source: FileSource | TextSource) -> bool:
    return isinstance(source, FileSource) and source.scheme is not None


def _check_source(name: str, source: FileSource | TextSource) -> None:
    if isinstance(source, FileSource) and source.scheme is None:
        try:
            check_name(without_file_prefix(source.url), what="input")
        except WorkerError as error:
            raise error.at(input=name) from None


def _used(job: Job, option_policy: bool) -> Iterator[RequiredInput]:  # noqa: C901, PLR0912 - one arm for each action
    match job:
        case ProcessJob():
            yield from _used_by_chain(job.data, job.inputs, option_policy)
        case MultiProcessJob():
            for index, process in enumerate(job.data.processes):
                try:
                    yield from _used_by_chain(process, job.inputs, option_policy)
                except WorkerError as error:
                    raise error.at(process=index) from None
        case ProbeJob():
            yield _named(job.data.input, job.inputs, is_media=False)
        case VmafJob():
            yield _named(job.data.input1, job.inputs, is_media=True)
            yield _named(job.data.input2, job.inputs, is_media=True)
        case CanvasJob() | PreviewJob():
            for composition in job.data.compositions:
                for file in find_named_files(composition):
                    yield _of_layer(file, job.inputs)
        case DownloadJob():
            download_name(job.data, job.inputs)  # refused before it is fetched
            yield RequiredInput(*download_source(job.data, job.inputs))
        case UploadJob():
            for text in job.data.input:
                yield _named(text, job.inputs, is_media=False)
        case _:
            raise TypeError(job.action)


def _used_by_chain(
    data: ProcessData, inputs: Mapping[str, FileSource | TextSource], option_policy: bool
) -> Iterator[RequiredInput]:
    produced: set[str] = set()
    for command in read_chain_files(data.chainCmds, data.output, inputs, option_policy=option_policy):
        yield from _used_by_command(command, inputs, frozenset(produced))
        produced |= {output.name for output in all_outputs(command) if output.name is not None}


def _used_by_command(
    command: ReadCommand, inputs: Mapping[str, FileSource | TextSource], produced: frozenset[str]
) -> Iterator[RequiredInput]:
    for group, reference in zip(command.line.inputs, command.inputs, strict=True):
        is_list = is_concat_list(group)
        if reference.kind in {InputKind.SOURCE, InputKind.JOINED}:
            for key in reference.keys:
                if not is_made(key, produced):
                    source = inputs.get(key) or FileSource(url=key)
                    yield RequiredInput(key, source, is_media=not is_list, is_list=is_list, produced=produced)


def _of_layer(file: NamedFile, inputs: Mapping[str, FileSource | TextSource]) -> RequiredInput:
    try:
        key = input_key(file.src, inputs)
    except WorkerError as error:
        raise error.at(field=file.where) from None
    source = inputs.get(key) or FileSource(url=key)
    name = source.name if isinstance(source, TextSource) else source.url.partition("?")[0]
    is_text = file.kind == "subtitles" or (file.kind == "image" and name.lower().endswith(".svg"))
    is_media = not is_text and file.kind != "font"
    return RequiredInput(key, source, is_media=is_media, is_text=is_text, field=file.where)


def _named(text: str, inputs: Mapping[str, FileSource | TextSource], *, is_media: bool) -> RequiredInput:
    key = input_key(text, inputs)
    return RequiredInput(key, inputs.get(key) or FileSource(url=key), is_media=is_media)
