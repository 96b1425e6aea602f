"""Check a whole command: its size, every option, format and filter graph, and the names of its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence

from ffmpeg_worker.budgets import MAX_ARGUMENT_BYTES, MAX_ARGUMENTS
from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.file_references import InputKind, InputReference, OutputReference
from ffmpeg_worker.planning.option_policy.check_option import OptionChecker
from ffmpeg_worker.planning.option_policy.check_value import check_appended_lists, check_format
from ffmpeg_worker.planning.option_policy.formats import PROTOCOLS
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quote_name
from ffmpeg_worker.planning.option_policy.rule import ValueKind, index_by_name
from ffmpeg_worker.planning.option_policy.safe_names import is_job_file_name, stays_inside

_PROTOCOLS = index_by_name(PROTOCOLS)
# A protocol before its options, another protocol, or what it opens. Storage checks URLs with `://`.
_PROTOCOL = re.compile(r"([a-z0-9]+)(?:[,+]|:(?!//))")
_MANY_INPUTS = 20
_IMPOSSIBLE = re.compile(r"[\0\ud800-\udfff]")


def check_command(
    line: CommandLine,
    inputs: Sequence[InputReference],
    outputs: Sequence[OutputReference],
    *,
    known: Collection[str],
    produced: Container[str],
) -> None:
    """Refuse a command, as the caller wrote it with placeholders, that contains anything not accepted.

    `known` are names of the job's inputs, `produced` are outputs of earlier commands of the chain.

    Raises:
        ForbiddenOption: `where` has the name of the option; the message never contains its value.
        InvalidJob: the command is too long or contains characters that no command line can.
    """
    _check_size(line)
    checker = OptionChecker()
    for group in line.groups:
        for option in group.options:
            _check_option(checker, option, is_input=group.is_input)
        flags = [option.value or "" for option in group.options if option.name == "hls_flags"]
        check_appended_lists(flags, ArgumentContext("-hls_flags"))
    for option in line.trailing:
        _check_option(checker, option, is_input=False)
    for group, reference in zip(line.inputs, inputs, strict=True):
        _check_input(checker, group, reference, known, produced)
    for group, output in zip(line.outputs, outputs, strict=True):
        _check_output(checker, group, output)


def _check_size(line: CommandLine) -> None:
    arguments = [part for option in line.options() for part in option.tokens()]
    arguments += [group.url for group in line.groups]
    size = sum(len(argument.encode(errors="surrogatepass")) for argument in arguments)
    if len(arguments) > MAX_ARGUMENTS or size > MAX_ARGUMENT_BYTES:
        raise InvalidJob(
            f"The command is too long: at most {MAX_ARGUMENTS} arguments of {MAX_ARGUMENT_BYTES >> 10} KiB in all "
            "are accepted.",
            code="command_too_long",
            hint=_shorter(line),
        )
    if any(_IMPOSSIBLE.search(argument) for argument in arguments):
        raise InvalidJob(
            "An argument contains a character that no command line can.",
            code="invalid_argument",
            hint="Remove NUL characters and lone surrogates.",
        )


def _shorter(line: CommandLine) -> str:
    """How to write a command that is too long."""
    if len(line.inputs) >= _MANY_INPUTS:
        return (
            "Give the files as one concat list: -f concat -safe 0 -i {{list}}, where the input `list` has the "
            "content \"file '{{in_1}}'\\nduration 3\\n…\"; or join them in several steps."
        )
    return "Split the work into a chain of commands."


def _staged_name(name: str) -> str:
    """Inputs get plain names in this folder; which names makes no difference here."""
    return f"{STAGING_FOLDER}/{name}"


def _check_option(checker: OptionChecker, option: Option, *, is_input: bool) -> None:
    # FFmpeg removes one dash; a second one belongs to the name.
    name = option.token[1:].partition(":")[0]
    value = placeholders.fill(option.value or "", _staged_name)
    context = ArgumentContext(option.token)
    if name == "f":
        check_format(ValueKind.INPUT_FORMAT if is_input else ValueKind.OUTPUT_FORMAT, value, context)
    else:
        checker.check(name, value, context)


def _check_input(
    checker: OptionChecker,
    group: FileGroup,
    reference: InputReference,
    known: Collection[str],
    produced: Container[str],
) -> None:
    context = ArgumentContext("-i")
    if reference.kind is InputKind.GENERATED:
        checker.check_graph(placeholders.fill(group.url, _staged_name), context)
    if reference.kind is InputKind.SOURCE:
        _check_protocol(reference.keys[0], context, known)
    has_wildcards = group.value_of("pattern_type") == "glob"
    for key in reference.keys:
        if reference.kind is InputKind.EARLIER_OUTPUT and not _is_earlier_output(
            key, produced, has_wildcards=has_wildcards
        ):
            raise context.refusal("leads out of the job's folder", "Name an output of an earlier command.")
        if reference.kind is InputKind.JOINED and key not in known and ":" in key and "://" not in key:
            raise context.refusal(
                "joins files whose names contain a colon", "Rename the output, or give the file as an input."
            )


def _check_protocol(name: str, context: ArgumentContext, known: Collection[str]) -> None:
    """Refuse names such as `subfile,,start,0,end,0,,:x`, which ask for a protocol."""
    protocol = _PROTOCOL.match(name)
    if protocol and protocol[1] in _PROTOCOLS and name not in known:
        rule = _PROTOCOLS[protocol[1]]
        inner = context.inside(quote_name("the protocol", protocol[1]))
        raise inner.refusal("is not accepted", rule.instead or "Name the file itself.")


def _is_earlier_output(key: str, produced: Container[str], *, has_wildcards: bool) -> bool:
    if has_wildcards:
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
            "is a hidden file or in a hidden folder", "Use a name without a leading dot."
        )
