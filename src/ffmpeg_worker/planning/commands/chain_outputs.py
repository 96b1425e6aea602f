"""The results of a chain of commands, and the files that its commands only pass on to each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup
from ffmpeg_worker.planning.artifact import Artifact, duplicate_output
from ffmpeg_worker.planning.commands.read_chain import Chain, ReadCommand, all_outputs
from ffmpeg_worker.planning.commands.referenced_files import find_mentioned_names, side_outputs
from ffmpeg_worker.planning.file_references import InputKind, read_output

_DEFAULT_PASS_LOGS = ("ffmpeg2pass-*.log*", "x265_2pass.log*")
_PASS_IN_PARAMETERS = re.compile(r"(?:^|:)pass(?:es)?=[23]\b")


def find_artifacts(chain: Chain) -> tuple[Artifact, ...]:
    """The results: those that the caller names, else every file that is written and not read again.

    Files that options and filters write beside the outputs come last.

    Raises:
        InvalidJob: two of them have one name.
    """
    commands = chain.commands
    written = {output.name: output for read in commands for output in all_outputs(read) if output.name is not None}
    own = {output.name for read in commands for output in read.outputs}
    sides = {name for read in commands for name in side_outputs(read.line)} - own
    artifacts = []
    for name in chain.outputs or _default_outputs(commands, tuple(written)):
        reference = written.get(name) or read_output(FileGroup(False, name))
        artifacts.append(
            Artifact(
                name,
                reference.work_name,
                reference.kind,
                is_media=reference.is_media,
                entry=reference.entry,
                is_side=name in sides,
                is_optional=name in sides and not chain.outputs,
            )
        )
    seen: set[str] = set()
    for artifact in artifacts:
        if artifact.work_name in seen:
            raise duplicate_output(artifact.name)
        seen.add(artifact.work_name)
    return tuple(artifacts)


def find_passing_files(chain: Chain) -> frozenset[str]:
    """Names, with wildcards, of files that one command leaves for a later one.

    Where the caller names the results, all outputs of commands before the last one count.
    """
    found = {key for read in chain.commands for key in _consumed(read)}
    mentioned: set[str] = set()
    for index, read in enumerate(reversed(chain.commands)):
        found |= mentioned.intersection(side_outputs(read.line))
        if chain.outputs and index > 0:
            found |= {output.work_name for output in read.outputs if output.name is not None}
        mentioned |= {*find_mentioned_names(read.line)}
    if any(_is_later_pass(read.line) for read in chain.commands):
        found |= {pattern for read in chain.commands for pattern in _pass_logs(read.line)}
    return frozenset(found)


def _default_outputs(commands: Sequence[ReadCommand], written: Sequence[str]) -> tuple[str, ...]:
    """Outputs that no later command reads, and files that options write and no later command mentions."""
    consumed = {key for read in commands for key in _consumed(read)}
    beside: list[str] = []
    mentioned: set[str] = set()
    for read in reversed(commands):
        names = dict.fromkeys(side_outputs(read.line))
        consumed |= names.keys()
        beside = [*(name for name in names if name not in mentioned), *beside]
        mentioned |= {*find_mentioned_names(read.line)}
    return tuple(dict.fromkeys([*(name for name in written if name not in consumed), *beside]))


def _consumed(read: ReadCommand) -> Iterator[str]:
    return (key for ref in read.inputs if ref.kind is not InputKind.SOURCE for key in ref.keys)


def _is_later_pass(line: CommandLine) -> bool:
    return any(
        (option.name == "pass" and option.value in {"2", "3"})
        or (option.name == "flags" and "pass2" in (option.value or ""))
        or (option.name.endswith(("-params", "opts")) and _PASS_IN_PARAMETERS.search(option.value or ""))
        for option in line.options()
    )


def _pass_logs(line: CommandLine) -> Iterator[str]:
    yield from _DEFAULT_PASS_LOGS
    for option in line.options():
        if option.value and option.name == "passlogfile":
            yield f"{option.value}-*.log*"
        elif option.value and option.name == "x265-stats":
            yield f"{option.value}*"
