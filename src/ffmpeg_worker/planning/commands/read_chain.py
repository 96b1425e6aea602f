"""Reads the commands of a chain once: grammar, files, and the judgement of the option policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.command_line import CommandLine, read_command_line
from ffmpeg_worker.command.parse_commands import Command
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.artifact import duplicate_output
from ffmpeg_worker.planning.commands.referenced_files import find_mentioned_names, side_outputs
from ffmpeg_worker.planning.file_references import (
    InputReference,
    OutputReference,
    read_input,
    read_output,
    tee_outputs,
)
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.planning.produced_names import ProducedNames

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
    """Commands that run in one working directory; `outputs` are the caller's results, empty for the default."""

    commands: tuple[ReadCommand, ...]
    outputs: tuple[str, ...] = ()


def read_chain(
    commands: Sequence[Command], outputs: Sequence[str], inputs: Mapping[str, object], *, option_policy: bool
) -> Chain:
    """Read every command and classify its files, without opening any of them.

    `outputs` are the caller's names of the results; those that no command writes are appended to the last command.
    `option_policy` says whether to refuse what strangers' commands may not contain.

    Raises:
        ForbiddenOption, InvalidJob: with `where.command`.
    """
    chain: list[ReadCommand] = []
    produced = ProducedNames()
    for index, tokens in enumerate(commands):
        try:
            line = read_command_line(tokens)
            if index == len(commands) - 1:
                line = _append_missing(line, outputs, produced)
            read = _classify(line, inputs, produced)
            if option_policy:
                check_command(line, read.inputs, read.outputs, known=inputs, produced=produced)
            _add_outputs(read, produced)
            chain.append(read)
        except WorkerError as error:
            raise error.at(command=index) from None
    return Chain(tuple(chain), tuple(outputs))


def all_outputs(read: ReadCommand) -> Iterator[OutputReference]:
    """Everything a command writes: its outputs, those inside a tee's list, and files that its options name."""
    yield from (OutputReference(name, name, is_media=False) for name in side_outputs(read.line))
    for group, output in zip(read.line.outputs, read.outputs, strict=True):
        yield output
        yield from tee_outputs(group)


def _append_missing(line: CommandLine, outputs: Sequence[str], produced: ProducedNames) -> CommandLine:
    written = {output.url.removeprefix("file:") for output in line.outputs}
    mentioned = {*find_mentioned_names(line)} if outputs else ()
    missing = [
        name
        for name in dict.fromkeys(outputs)
        if name not in written and name not in produced and name not in mentioned
    ]
    return line.with_outputs(missing)


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
