"""A whole command of a caller's: its size, every option, format and graph, and the names of its files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.file_references import InputKind, InputReference, OutputReference
from ffmpeg_worker.planning.option_policy.check_option import OptionChecker
from ffmpeg_worker.planning.option_policy.check_value import check_format
from ffmpeg_worker.planning.option_policy.formats import PROTOCOLS
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quoted
from ffmpeg_worker.planning.option_policy.rule import ValueKind, index_by_name
from ffmpeg_worker.planning.option_policy.safe_names import is_job_file_name, stays_inside

_PROTOCOLS = index_by_name(PROTOCOLS)
# Followed by its options, another protocol, or what it opens; addresses are the stores' business.
_PROTOCOL = re.compile(r"([a-z0-9]+)(?:[,+]|:(?!//))")
MAX_ARGUMENTS = 512
MAX_ARGUMENT_BYTES = 128 << 10


def check_command(
    line: CommandLine,
    inputs: Sequence[InputReference],
    outputs: Sequence[OutputReference],
    *,
    known: Collection[str],
    produced: Collection[str],
) -> None:
    """Refuse a command that names what it may not.

    Args:
        line: the command as the caller wrote it, with placeholders.
        inputs: its inputs, classified.
        outputs: its outputs, classified.
        known: names of the job's inputs.
        produced: what earlier commands of the chain write.

    Raises:
        ForbiddenOption: with the option's name in `where`, and never with its value.
        InvalidJob: the command is too long, or holds what no command line can.
    """
    _check_size(line)
    checker = OptionChecker()
    # Every input gets a plain name in this folder; which one makes no difference here.
    staged = {name: f"{STAGING_FOLDER}/{name}" for name in known}
    for group in line.groups:
        for option in group.options:
            _check_option(checker, option, staged, is_input=group.is_input)
    for option in line.trailing:
        _check_option(checker, option, staged, is_input=False)
    for group, reference in zip(line.inputs, inputs, strict=True):
        _check_input(checker, group, reference, staged, produced)
    for group, output in zip(line.outputs, outputs, strict=True):
        _check_output(checker, group, output)


def _check_size(line: CommandLine) -> None:
    arguments = [part for option in line.options() for part in option.tokens()]
    arguments += [group.url for group in line.groups]
    if any(unicodedata.category(c) == "Cs" or c == "\0" for argument in arguments for c in argument):
        raise InvalidJob(
            "An argument holds a character that no command line can.",
            code="invalid_argument",
            hint="Remove NUL characters and lone surrogates.",
        )
    size = sum(len(argument.encode(errors="surrogatepass")) for argument in arguments)
    if len(arguments) > MAX_ARGUMENTS or size > MAX_ARGUMENT_BYTES:
        raise InvalidJob(
            f"The command is too long: at most {MAX_ARGUMENTS} arguments of {MAX_ARGUMENT_BYTES >> 10} KiB "
            "together are accepted.",
            code="command_too_long",
            hint="Split the work into a chain of commands.",
        )


def _check_option(checker: OptionChecker, option: Option, staged: dict[str, str], *, is_input: bool) -> None:
    # One dash, as ffmpeg has it: what follows a second one belongs to the name.
    name = option.token[1:].partition(":")[0]
    value = placeholders.fill(option.value or "", staged)
    context = ArgumentContext(option.token)
    if name == "f":
        check_format(ValueKind.INPUT_FORMAT if is_input else ValueKind.OUTPUT_FORMAT, value, context)
    else:
        checker.check(name, value, context)


def _check_input(
    checker: OptionChecker,
    group: FileGroup,
    reference: InputReference,
    staged: dict[str, str],
    produced: Collection[str],
) -> None:
    context = ArgumentContext("-i")
    if reference.kind is InputKind.GENERATED:
        checker.check_graph(placeholders.fill(group.url, staged), context)
    if reference.kind is InputKind.SOURCE:
        _check_protocol(reference.keys[0], context, staged)
    is_wild = group.value_of("pattern_type") == "glob"
    for key in reference.keys:
        if reference.kind is InputKind.EARLIER_OUTPUT and not _is_earlier(key, produced, is_wild=is_wild):
            raise context.refusal("leads out of the job's own folder", "Name an output of an earlier command.")
        if reference.kind is InputKind.JOINED and key not in staged and ":" in key and "://" not in key:
            raise context.refusal("joins names with a colon", "Rename the output, or give the file as an input.")


def _check_protocol(name: str, context: ArgumentContext, known: Collection[str]) -> None:
    """Names such as `subfile,,start,0,end,0,,:x` would not be opened as what they ask for: say so at once."""
    protocol = _PROTOCOL.match(name)
    if protocol and protocol[1] in _PROTOCOLS and name not in known:
        rule = _PROTOCOLS[protocol[1]]
        inner = context.inside(quoted("the protocol", protocol[1]))
        raise inner.refusal("is not accepted", rule.instead or "Name the file itself.")


def _is_earlier(key: str, produced: Collection[str], *, is_wild: bool) -> bool:
    if is_wild:
        return is_job_file_name(key) and not any(character in key for character in "{}")
    return key in produced or stays_inside(key)


def _check_output(checker: OptionChecker, group: FileGroup, output: OutputReference) -> None:
    if group.value_of("f") == "tee":
        checker.check_tee(output.work_name, ArgumentContext("output"))
    if output.is_raw:
        return
    _check_protocol(output.work_name, ArgumentContext("output"), ())
    if not stays_inside(output.work_name):
        raise ArgumentContext("output").refusal(
            "is a hidden file, or below a hidden folder", "Give it a name without a dot in front."
        )
