"""Reads the commands of a chain once: grammar, files, and the judgement of the option policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.command_line import CommandLine, read_command_line
from ffmpeg_worker.command.parse_commands import Command, Commands
from ffmpeg_worker.command.removed_options import replace_removed_options
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.artifact import ArtifactKind, duplicate_output
from ffmpeg_worker.planning.commands.output_placeholders import OutputPlaceholders
from ffmpeg_worker.planning.commands.referenced_files import find_mentioned_names, side_outputs
from ffmpeg_worker.planning.file_references import (
    InputReference,
    OutputReference,
    read_input,
    read_output,
    side_output,
    tee_outputs,
    without_file_prefix,
)
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.planning.produced_names import ProducedNames

_WRITES_MORE = frozenset({"tee", "segment", "ssegment", "stream_segment", "image2"})
_MAX_NAMED = 3
# The worker sets these itself: it reads log and progress, and no one answers questions.
WORKER_OPTIONS = frozenset("y n hide_banner stats nostats stdin nostdin loglevel v stats_period".split())


@dataclass(frozen=True, slots=True)
class ReadCommand:
    """One command of a chain with its files classified."""

    line: CommandLine
    inputs: tuple[InputReference, ...]
    outputs: tuple[OutputReference, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Commands that run in one working directory.

    `outputs` are the caller's results, empty for the default; `warnings` say what was read differently.
    """

    commands: tuple[ReadCommand, ...]
    outputs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_chain(
    commands: Sequence[Command], outputs: Sequence[str], inputs: Mapping[str, object], *, option_policy: bool
) -> Chain:
    """Read every command and classify its files, without opening any of them.

    `outputs` are the caller's names of the results. Where the last command writes no file of its own, they are
    appended to it.
    `option_policy` says whether to refuse what strangers' commands may not contain.

    Raises:
        ForbiddenOption, InvalidJob: with `where.command`.
    """
    chain: list[ReadCommand] = []
    produced = ProducedNames()
    outputs = [placeholders.fill(name, str) for name in outputs]
    named = OutputPlaceholders(outputs, inputs)
    warnings = list(commands.notes) if isinstance(commands, Commands) else []
    for index, tokens in enumerate(commands):
        try:
            line, notes = replace_removed_options(named.resolve(read_command_line(tokens)))
            warnings += notes
            if index == len(commands) - 1:
                line = _append_missing(line, outputs, produced)
            read = _classify(line, inputs, produced)
            if option_policy:
                check_command(line, read.inputs, read.outputs, known=inputs, produced=produced)
            _add_outputs(read, produced)
            chain.append(read)
        except WorkerError as error:
            raise error.at(command=index) from None
    return Chain(tuple(chain), tuple(outputs), tuple(dict.fromkeys((*warnings, *named.notes))))


def all_outputs(read: ReadCommand) -> Iterator[OutputReference]:
    """Everything a command writes: its outputs, those inside a tee's list, and files that its options name."""
    yield from map(side_output, side_outputs(read.line))
    for group, output in zip(read.line.outputs, read.outputs, strict=True):
        yield output
        yield from tee_outputs(group)


def _append_missing(line: CommandLine, outputs: Sequence[str], produced: ProducedNames) -> CommandLine:
    """The last command of a chain with the outputs that no command writes.

    Raises:
        InvalidJob: it writes other files already: FFmpeg would encode once more, with its defaults.
    """
    written = {without_file_prefix(output.url).removeprefix("./") for output in line.outputs}
    mentioned = {*find_mentioned_names(line), *side_outputs(line)} if outputs else ()
    missing = [
        name
        for name in dict.fromkeys(outputs)
        if name.removeprefix("./") not in written and name not in produced and name not in mentioned
    ]
    if not missing or not line.outputs or any(option.name not in WORKER_OPTIONS for option in line.trailing):
        return line.with_outputs(missing)
    if _may_write_more(line):
        return line
    own = ", ".join(f'"{display_name(output.url)}"' for output in line.outputs[:_MAX_NAMED])
    raise InvalidJob(
        f'"output" names "{display_name(missing[0])}", which no command writes; the last one writes {own}.',
        code="output_not_written",
        hint=f'Write "{display_name(missing[0])}" in the command, or leave "output" out.',
        where={"output": display_name(missing[0])},
    )


def _may_write_more(line: CommandLine) -> bool:
    """Whether a command writes files that it does not name, such as segments."""
    return any(
        group.value_of("f") in _WRITES_MORE or read_output(group).kind is not ArtifactKind.FILE
        for group in line.outputs
    )


def _classify(line: CommandLine, inputs: Mapping[str, object], produced: ProducedNames) -> ReadCommand:
    """Classify the files of a command; `produced` are the outputs of earlier ones."""
    for option in line.options():
        placeholders.check_names(option.value or "", inputs)
    read = ReadCommand(
        line,
        tuple(read_input(group, inputs, produced) for group in line.inputs),
        tuple(read_output(group) for group in line.outputs),
    )
    if not read.outputs:
        raise InvalidJob(
            "The command writes no output.",
            code="no_output",
            hint='End it with a file name, or give "output"; the action "probe" reads media information.',
        )
    return read


def _add_outputs(read: ReadCommand, produced: ProducedNames) -> None:
    for name in (output.name for output in read.outputs if output.name is not None):
        if name in produced:
            raise duplicate_output(name)
        produced.add(name)
    for output in all_outputs(read):
        if output.name is not None:
            produced.add(output.name)
