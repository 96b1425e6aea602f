"""Plans a chain of commands as a lane: command lines with the job's own file names, and the outputs they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.commands.chain_outputs import find_artifacts, find_passing_files
from ffmpeg_worker.planning.commands.measuring_filters import make_recording, prints_measurements
from ffmpeg_worker.planning.commands.read_chain import WORKER_OPTIONS, Chain, ReadCommand
from ffmpeg_worker.planning.commands.referenced_files import (
    find_key_info_files,
    find_referenced_files,
    side_outputs,
)
from ffmpeg_worker.planning.commands.subtitle_fonts import fill_fonts_folder, find_font_folders, link_fonts
from ffmpeg_worker.planning.file_references import InputKind, InputReference, OutputReference, is_concat_list
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep

_DROPPED_WITH_WARNING = frozenset({"progress", "report"})


def plan_chain(chain: Chain, files: LocalFiles, limits: CommandLimits | None) -> Lane:
    """Write the command lines of a chain for files that were fetched.

    Without `chain.outputs` the results are all outputs that no later command reads.

    Raises:
        WorkerError: why one of the inputs could not be fetched.
    """
    _check_inputs(chain, files)
    staged = {key: f"{STAGING_FOLDER}/{file.staged}" for key, file in files.by_key.items()}
    work_names: dict[str, str] = {}
    steps = tuple(
        _plan_command(read, index, staged, work_names, limits) for index, read in enumerate(chain.commands)
    )
    artifacts = find_artifacts(chain)
    kept = {artifact.work_name for artifact in artifacts}
    lines = [read.line for read in chain.commands]
    sides = {name for line in lines for name in side_outputs(line)}
    return Lane(
        steps=steps,
        artifacts=artifacts,
        chain=chain,
        intermediates=frozenset(name for name in work_names.values() if name not in kept),
        font_folders=frozenset(name for line in lines for name in find_font_folders(line)),
        passing_files=find_passing_files(chain),
        delivers_all=not chain.outputs,
        referenced_files=frozenset(name for line in lines for name in find_referenced_files(line))
        - {*work_names}
        - sides,
        key_info_files=frozenset(
            placeholders.fill(name, staged.__getitem__) for line in lines for name in find_key_info_files(line)
        ),
        warnings=tuple(_warnings(chain)),
        display_names={path: display_name(key) for key, path in staged.items()},
    )


def _check_inputs(chain: Chain, files: LocalFiles) -> None:
    for read in chain.commands:
        named = [name for option in read.line.options() for name in placeholders.names_in(option.value or "")]
        for key in (*named, *(key for reference in read.inputs for key in reference.keys)):
            if key in files.failed:
                raise error_from_problem(files.failed[key])


def _plan_command(
    read: ReadCommand,
    index: int,
    staged: Mapping[str, str],
    work_names: dict[str, str],
    limits: CommandLimits | None,
) -> FfmpegStep:
    """Plan one command; `work_names` are the outputs so far by the caller's name, and get those of this one."""
    arguments: list[str] = []
    inputs, outputs = iter(read.inputs), iter(read.outputs)
    for group in read.line.groups:
        for option in group.options:
            arguments += _option_tokens(limits.limit_threads(option) if limits else option, staged)
        if group.is_input:
            reference = next(inputs)
            *options, name = _input_tokens(group, reference, staged, work_names)
            limiting = limits.input_options(reference.kind, group, name) if limits else ()
            sharing = limits.decoder_options(group, len(read.inputs)) if limits else ()
            arguments += [*options, *sharing, *limiting, "-i", name]
        else:
            output = next(outputs)
            arguments.append(_output_token(output))
            if output.name is not None:
                work_names[output.name] = output.work_name
    for option in read.line.trailing:
        arguments += _option_tokens(option, staged)
    written = [*(output.work_name for output in read.outputs if not output.is_raw), *side_outputs(read.line)]
    folders = {name.rpartition("/")[0] for name in written} - {""}
    recording = make_recording(read.line)
    return FfmpegStep(
        invocation=Invocation(tuple(arguments)),
        command=index,
        setup=(*(Folder(name) for name in sorted(folders)), *link_fonts(read.line, staged)),
        keeps_log=all(output.name is None for output in read.outputs)
        or recording.has_stdout
        or bool(recording.filters)
        or prints_measurements(read.line),
        recording=recording,
    )


def _output_token(output: OutputReference) -> str:
    if output.is_raw:
        return output.work_name
    if output.kind is not ArtifactKind.FILE and not re.match(r"-|[^/]*:", output.work_name):
        # Playlists and segment lists contain names derived from this one, which players must be able to resolve.
        return output.work_name
    return f"file:{output.work_name}"


def _option_tokens(option: Option, staged: Mapping[str, str]) -> tuple[str, ...]:
    if option.name in WORKER_OPTIONS | _DROPPED_WITH_WARNING:
        return ()
    if option.value is None:
        return option.tokens()
    return (option.token, placeholders.fill(fill_fonts_folder(option.value), staged.__getitem__))


def _input_tokens(
    group: FileGroup, reference: InputReference, staged: Mapping[str, str], work_names: Mapping[str, str]
) -> tuple[str, ...]:
    """Options that the kind of input needs, and its name as the last token."""
    # The image demuxer matches wildcards against the name as written, including any prefix.
    prefix = "" if group.value_of("pattern_type") == "glob" else "file:"
    match reference.kind:
        case InputKind.GENERATED:
            return (placeholders.fill(fill_fonts_folder(group.url), staged.__getitem__),)
        case InputKind.JOINED:
            names = [work_names.get(key) or staged.get(key, key) for key in reference.keys]
            return ("concat:" + "|".join(names),)
        case InputKind.EARLIER_OUTPUT:
            key = reference.keys[0]
            return (f"{prefix}{work_names.get(key, key)}",)
        case InputKind.SOURCE:
            # The worker staged the entries of a list under plain names; `safe 0` lets it name earlier outputs too.
            safe = ("-safe", "0") if is_concat_list(group) and not group.has("safe") else ()
            return (*safe, f"{prefix}{staged[reference.keys[0]]}")


def _warnings(chain: Chain) -> Iterator[str]:
    yield from chain.warnings
    for read in chain.commands:
        for option in read.line.options():
            if option.name in _DROPPED_WITH_WARNING:
                yield f'The option "{option.token}" was left out: the worker reports progress and log itself.'
        trailing = [o.token for o in read.line.trailing if o.name not in WORKER_OPTIONS | _DROPPED_WITH_WARNING]
        if trailing:
            yield f"Options after the last output have no effect in FFmpeg: {' '.join(trailing)}."
