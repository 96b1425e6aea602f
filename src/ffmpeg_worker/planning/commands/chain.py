"""A chain of commands becomes a lane: command lines with the job's own file names, outputs and their promises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option, read_command_line
from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.command.parse_commands import Command
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.commands.durations import estimate_duration, promise_duration
from ffmpeg_worker.planning.commands.referenced_files import key_infos, mentions, side_outputs
from ffmpeg_worker.planning.file_references import (
    InputKind,
    InputReference,
    OutputReference,
    is_concat_list,
    read_input,
    read_output,
    tee_outputs,
)
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import Artifact, ArtifactKind, FfmpegStep, Lane, duplicate_output

# The worker sets these itself: the log must be readable, progress must come to it, nobody is there to answer.
WORKER_OPTIONS = frozenset("y n hide_banner stats nostats stdin nostdin loglevel v stats_period".split())
_REFUSED_QUIETLY = frozenset({"progress", "report"})


@dataclass(frozen=True, slots=True)
class ReadCommand:
    """One command of a chain with its files classified."""

    line: CommandLine
    inputs: tuple[InputReference, ...]
    outputs: tuple[OutputReference, ...]


@dataclass(slots=True)
class _Produced:
    """What the chain has written so far: the name in the working directory, estimate and promise in seconds."""

    work_names: dict[str, str] = field(default_factory=dict)
    estimates: dict[str, float | None] = field(default_factory=dict)
    promises: dict[str, float | None] = field(default_factory=dict)


def read_chain_files(
    commands: Sequence[Command], outputs: Sequence[str], inputs: Mapping[str, object], *, option_policy: bool
) -> tuple[ReadCommand, ...]:
    """Read every command and classify its files, without knowing any of them.

    Args:
        commands: the chain.
        outputs: what the caller calls its results; those that no command writes are appended to the last one.
        inputs: the job's own inputs by name.
        option_policy: whether to refuse what strangers' commands may not hold.

    Raises:
        InvalidJob: with `where.command`.
    """
    chain: list[ReadCommand] = []
    produced: list[str] = []
    for index, tokens in enumerate(commands):
        try:
            line = read_command_line(tokens)
            if index == len(commands) - 1:
                line = _append_missing(line, outputs, produced)
            earlier = tuple(produced)
            read = _classify(line, inputs, produced)
            if option_policy:
                check_command(line, read.inputs, read.outputs, known=tuple(inputs), produced=earlier)
            chain.append(read)
        except WorkerError as error:
            raise error.at(command=index) from None
    return tuple(chain)


def _append_missing(line: CommandLine, outputs: Sequence[str], produced: Sequence[str]) -> CommandLine:
    written = {output.url.removeprefix("file:") for output in line.outputs}
    for name in outputs:
        mentioned = any(name in (option.value or "") for option in line.options())
        listed = any(name in output.url for output in line.outputs if output.value_of("f") == "tee")
        if name not in written and name not in produced and not mentioned and not listed:
            line = line.with_output(name)
    return line


def _classify(line: CommandLine, inputs: Mapping[str, object], produced: list[str]) -> ReadCommand:
    for option in line.options():
        placeholders.check_names(option.value or "", inputs)
    read = ReadCommand(
        line,
        tuple(read_input(group, tuple(inputs), produced) for group in line.inputs),
        tuple(read_output(group) for group in line.outputs),
    )
    if not read.outputs:
        raise InvalidJob(
            "The command writes no output.",
            code="no_output",
            hint='End it with a file name, or give "output"; the action "probe" reads media information.',
        )
    for output in read.outputs:
        if output.name is not None and output.name in produced:
            raise duplicate_output(output.name)
        if output.name is not None:
            produced.append(output.name)
    produced += [o.name for o in all_outputs(read) if o.name is not None and o.name not in produced]
    return read


def plan_chain(
    chain: Sequence[ReadCommand], outputs: Sequence[str], files: LocalFiles, limits: CommandLimits | None
) -> Lane:
    """Write the command lines of a chain for files that are there.

    Args:
        chain: what `read_chain_files` made.
        outputs: the caller's results; empty means every output that no later command reads.
        files: the fetched inputs.
        limits: what to put in front of inputs.

    Raises:
        WorkerError: why one of the inputs could not be fetched.
    """
    _check_there(chain, files)
    staged = {key: f"{STAGING_FOLDER}/{file.staged}" for key, file in files.by_key.items()}
    produced = _Produced()
    steps = tuple(_plan_command(read, index, files, staged, produced, limits) for index, read in enumerate(chain))
    artifacts = _artifacts(chain, outputs, produced)
    kept = {artifact.work_name for artifact in artifacts}
    return Lane(
        steps=steps,
        artifacts=artifacts,
        intermediates=frozenset(name for name in produced.work_names.values() if name not in kept),
        mentions=frozenset(name for read in chain for name in mentions(read.line)) - {*produced.work_names},
        key_infos=frozenset(placeholders.fill(name, staged) for read in chain for name in key_infos(read.line)),
        warnings=tuple(_warnings(chain)),
        callers_names={path: display_name(key) for key, path in staged.items()},
    )


def _check_there(chain: Sequence[ReadCommand], files: LocalFiles) -> None:
    for read in chain:
        named = [name for option in read.line.options() for name in placeholders.names_in(option.value or "")]
        for key in (*named, *(key for reference in read.inputs for key in reference.keys)):
            if key in files.failed:
                raise files.failed[key].copy()


def _plan_command(
    read: ReadCommand,
    index: int,
    files: LocalFiles,
    staged: Mapping[str, str],
    produced: _Produced,
    limits: CommandLimits | None,
) -> FfmpegStep:
    estimates = [_media(ref, files, produced.estimates) for ref in read.inputs]
    promises = [_media(ref, files, produced.promises) for ref in read.inputs]
    expected_s = estimate_duration(read.line, estimates)
    arguments: list[str] = []
    inputs, outputs = iter(read.inputs), iter(read.outputs)
    for group in read.line.groups:
        for option in group.options:
            arguments += _option_tokens(limits.limit_threads(option) if limits else option, staged)
        if group.is_input:
            reference = next(inputs)
            *options, name = _input_tokens(group, reference, staged, produced)
            limiting = limits.input_options(reference.kind, group, name) if limits else ()
            arguments += [*options, *limiting, "-i", name]
        else:
            output = next(outputs)
            arguments.append(_output_token(output))
            if output.name is not None:
                produced.work_names[output.name] = output.work_name
                produced.estimates[output.name] = expected_s
                if _is_whole(output, group):
                    produced.promises[output.name] = promise_duration(read.line, group, promises)
    for option in read.line.trailing:
        arguments += _option_tokens(option, staged)
    folders = {name.rpartition("/")[0] for name in (o.work_name for o in read.outputs if not o.is_raw)} - {""}
    return FfmpegStep(
        invocation=Invocation(tuple(arguments)),
        command=index,
        expected_s=expected_s,
        folders=tuple(sorted(folders)),
        show_log=all(output.name is None for output in read.outputs),
    )


def _output_token(output: OutputReference) -> str:
    if output.is_raw:
        return output.work_name
    if output.kind is not ArtifactKind.FILE and not re.match(r"-|[^/]*:", output.work_name):
        # Playlists and lists of segments hold names derived from this one: as it stands, for players to find.
        return output.work_name
    return f"file:{output.work_name}"


def _is_whole(output: OutputReference, group: FileGroup) -> bool:
    """Whether one opened file tells how long the output is: not a segment, nor a playlist that forgets."""
    if output.kind is ArtifactKind.PLAYLIST:
        return group.value_of("hls_list_size") == "0" or group.has("hls_playlist_type")
    return output.kind is ArtifactKind.FILE


def _option_tokens(option: Option, staged: Mapping[str, str]) -> tuple[str, ...]:
    if option.name in WORKER_OPTIONS | _REFUSED_QUIETLY:
        return ()
    if option.value is None:
        return option.tokens()
    return (option.token, placeholders.fill(option.value, staged))


def _input_tokens(
    group: FileGroup, reference: InputReference, staged: Mapping[str, str], produced: _Produced
) -> tuple[str, ...]:
    """Options that its kind needs, and last its name."""
    # Wildcards are matched against the name as it stands, prefix and all.
    prefix = "" if group.value_of("pattern_type") == "glob" else "file:"
    match reference.kind:
        case InputKind.GENERATED:
            return (placeholders.fill(group.url, staged),)
        case InputKind.JOINED:
            names = [produced.work_names.get(key) or staged.get(key, key) for key in reference.keys]
            return ("concat:" + "|".join(names),)
        case InputKind.EARLIER_OUTPUT:
            key = reference.keys[0]
            return (f"{prefix}{produced.work_names.get(key, key)}",)
        case InputKind.SOURCE:
            # Entries of a list were staged by us under plain names; only `safe 0` lets it name earlier outputs.
            safe = ("-safe", "0") if is_concat_list(group) and not group.has("safe") else ()
            return (*safe, f"{prefix}{staged[reference.keys[0]]}")


def _media(reference: InputReference, files: LocalFiles, produced: Mapping[str, float | None]) -> MediaInfo | None:
    if reference.kind is InputKind.SOURCE:
        return files[reference.keys[0]].media
    if reference.kind is InputKind.EARLIER_OUTPUT:
        seconds = produced.get(reference.keys[0])
        if seconds is not None:
            return MediaInfo("", (StreamInfo("video", duration_s=seconds),), seconds)
    return None


def _artifacts(chain: Sequence[ReadCommand], outputs: Sequence[str], produced: _Produced) -> tuple[Artifact, ...]:
    written = {output.name: output for read in chain for output in all_outputs(read) if output.name is not None}
    if not outputs:
        consumed = {
            key for read in chain for ref in read.inputs if ref.kind is not InputKind.SOURCE for key in ref.keys
        }
        beside = [name for place, read in enumerate(chain) for name in _kept_beside(read, chain[place + 1 :])]
        side = {name for read in chain for name in side_outputs(read.line)}
        outputs = list(dict.fromkeys([*(name for name in written if name not in {*consumed, *side}), *beside]))
    artifacts = []
    for name in outputs:
        reference = written.get(name) or read_output(FileGroup(False, name))
        artifacts.append(
            Artifact(
                name,
                reference.work_name,
                reference.kind,
                promised_s=produced.promises.get(name),
                is_media=reference.is_media,
            )
        )
    _check_distinct(artifacts)
    return tuple(artifacts)


def all_outputs(read: ReadCommand) -> Iterator[OutputReference]:
    """Everything a command writes: its outputs, those inside a tee's list, and files on the side."""
    yield from (OutputReference(name, name, is_media=False) for name in side_outputs(read.line))
    for group, output in zip(read.line.outputs, read.outputs, strict=True):
        yield output
        yield from tee_outputs(group)


def _kept_beside(read: ReadCommand, later: Sequence[ReadCommand]) -> Iterator[str]:
    """Side outputs that no later command speaks of."""
    texts = [option.value or "" for other in later for option in other.line.options()]
    texts += [group.url for other in later for group in other.line.inputs]
    return (name for name in side_outputs(read.line) if not any(name in text for text in texts))


def _check_distinct(artifacts: Sequence[Artifact]) -> None:
    seen: set[str] = set()
    for artifact in artifacts:
        if artifact.work_name in seen:
            raise duplicate_output(artifact.name)
        seen.add(artifact.work_name)


def _warnings(chain: Sequence[ReadCommand]) -> Iterator[str]:
    for read in chain:
        for option in read.line.options():
            if option.name in _REFUSED_QUIETLY:
                yield f'The option "{option.token}" was left out: the worker reports progress and log itself.'
        trailing = [o.token for o in read.line.trailing if o.name not in WORKER_OPTIONS | _REFUSED_QUIETLY]
        if trailing:
            yield f"Options after the last output have no effect in FFmpeg: {' '.join(trailing)}."
