"""Parse FFmpeg commands in every spelling that jobs may use into argument tuples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ffmpeg_worker.budgets import MAX_COMMANDS, MAX_TOKENS
from ffmpeg_worker.command.flag_options import is_flag
from ffmpeg_worker.command.program_words import drop_program, find_program
from ffmpeg_worker.command.shell_commands import split_commands
from ffmpeg_worker.validation_errors import wrong_value

Command = tuple[str, ...]
"""The arguments of one FFmpeg run, without the program's name."""

_OPTION_AND_BLANKS = re.compile(r"(-[A-Za-z][^ \u00a0]*+)[ \u00a0]\s*+")
_NAME_WITH_BLANKS = r"[ \t\u00a0]*+([A-Za-z0-9_][\w.-]*+)[ \t\u00a0]*+"
_PLACEHOLDER = re.compile(rf"\{{\{{{_NAME_WITH_BLANKS}\}}\}}|<<{_NAME_WITH_BLANKS}>>")
# A dash that a program for texts has put in place of the hyphen before an option's name.
_DASHED_OPTION = re.compile(r"[\u2010-\u2015\u2212]([A-Za-z][\w:-]*)")
_DROPPED = frozenset({"2>/dev/null", "2>&1", "</dev/null", ">/dev/null", "\\", "^"})
_CONTINUATION = re.compile(r"\\[ \t]*+\r?\n\s*+")
_WRONG_TYPE = "must be a list of strings, one string, or a list of such lists"
REPAIRED = "Typographic quotation marks, dashes or blanks of the command were read as plain ones."


class Commands(tuple[Command, ...]):
    """The commands of a chain. `notes` are sentences about what of the caller's text was read differently."""

    notes: tuple[str, ...] = ()


def parse_commands(value: Any, program: str = "ffmpeg") -> Commands:
    """Parse `chainCmds`.

    Accepts one string, split as a shell would; a list of arguments, in which an element such as `"-c:v libx264"`
    is an option with its value, and numbers may be numbers; and a list of such lists. `"&&"` between arguments
    starts the next command. The name of the program is dropped where a command begins with it.

    Raises:
        ValueError: an empty command, a wrong type, an open quotation mark, another program, what only a shell can
            do, or too many arguments.
    """
    notes: list[str] = []
    if isinstance(value, str):
        parts = _split(value, notes)
    elif not isinstance(value, (list, tuple)):
        raise wrong_value(_WRONG_TYPE)
    elif value and all(isinstance(item, (list, tuple)) for item in value):
        lists = [_read_elements(item, f"[{number}]") for number, item in enumerate(value)]
        parts = [part for elements in lists for part in _split_lists(elements, notes)]
    else:
        parts = _split_lists(_read_elements(value), notes)
    commands = Commands(_checked([_drop_program(_repair_dashes(part, notes), program, notes) for part in parts]))
    commands.notes = tuple(dict.fromkeys(notes))
    return commands


def _read_elements(elements: Sequence[Any], path: str = "") -> list[str]:
    """The elements of a list as texts; whole numbers and decimals are written as they are."""
    if elements and not any(isinstance(element, str | list | tuple) for element in elements):
        raise wrong_value(_WRONG_TYPE)
    texts: list[str] = []
    for number, element in enumerate(elements):
        if isinstance(element, str):
            texts.append(element)
        elif isinstance(element, int | float) and not isinstance(element, bool) and texts[-1:] != ["-i"]:
            texts.append(str(element))
        else:
            raise wrong_value(
                f"{_WRONG_TYPE}, and element {path}[{number}] is {_describe(element)}",
                "Write each argument as a string or a number.",
            )
    return texts


def _describe(element: Any) -> str:
    if element is None:
        return "null"
    if isinstance(element, bool):
        return "true or false"
    if isinstance(element, int | float):
        return "a number after -i"
    return "a list" if isinstance(element, (list, tuple)) else "an object"


def _split(text: str, notes: list[str]) -> list[list[str]]:
    # Blanks in the braces of a placeholder are not between words.
    pasted = split_commands(_PLACEHOLDER.sub(_without_blanks, text))
    if pasted.is_repaired:
        notes.append(REPAIRED)
    return pasted.commands


def _without_blanks(placeholder: re.Match[str]) -> str:
    return f"{{{{{placeholder[1]}}}}}" if placeholder[1] else f"<<{placeholder[2]}>>"


def _split_lists(elements: Sequence[str], notes: list[str]) -> list[list[str]]:
    """The commands in a list of arguments, or in a list of whole commands."""
    if elements and all(_is_whole_command(element) for element in elements):
        return [command for element in elements for command in _split(element, notes)]
    parts: list[list[str]] = [[]]
    for token in _expand(elements, notes):
        if token == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _is_whole_command(element: str) -> bool:
    first, blank, _ = element.lstrip().partition(" ")
    return bool(blank) and find_program(first) is not None


def _expand(elements: Sequence[str], notes: list[str]) -> list[str]:
    """Split elements that contain an option with its value, or a whole command."""
    if len(elements) == 1 and _is_whole_command(elements[0]):
        commands = _split(elements[0], notes)
        return [token for command in commands for token in ("&&", *command)][1:]
    tokens: list[str] = []
    for element in elements:
        tokens += _split_option(_CONTINUATION.sub("", element))
    # A text that was split at its blanks holds what only the shell would have read.
    return [token for token in tokens if token not in _DROPPED]


def _split_option(element: str) -> list[str]:
    """Split flags, and an option with its value, off the beginning of an element."""
    tokens: list[str] = []
    text = element.rstrip()
    position = 0
    while found := _OPTION_AND_BLANKS.match(text, position):
        tokens.append(found[1])
        position = found.end()
        if not is_flag(found[1]):
            return [*tokens, _without_quotes(text[position:])]
    return [*tokens, text[position:]] if tokens else [element]


def _without_quotes(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in value[1:-1]:
        return value[1:-1]
    return value


def _repair_dashes(tokens: Sequence[str], notes: list[str]) -> list[str]:
    repaired = [f"-{found[1]}" if (found := _DASHED_OPTION.fullmatch(token)) else token for token in tokens]
    if repaired != list(tokens):
        notes.append(REPAIRED)
    return repaired


def _drop_program(tokens: Sequence[str], program: str, notes: list[str]) -> Command:
    arguments, before = drop_program(tokens, program)
    if before:
        notes.append(f"The words before {program} were left out: {program} itself runs, and no shell.")
    return arguments


def _checked(commands: Sequence[Command]) -> tuple[Command, ...]:
    if len(commands) > MAX_COMMANDS:
        raise ValueError(f"has {len(commands)} commands; a chain may have at most {MAX_COMMANDS}")
    for index, command in enumerate(commands):
        if not command:
            raise ValueError(
                "is empty" if len(commands) == 1 else f"has no arguments in command {index} (counted from 0)"
            )
        if len(command) > MAX_TOKENS:
            raise ValueError(f"has {len(command)} arguments in command {index}; at most {MAX_TOKENS} are accepted")
    return tuple(commands)


# Numbers are read too, but one type for each argument makes better generated clients.
_TOKENS_SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_TOKENS}
COMMANDS_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"},
            _TOKENS_SCHEMA,
            {"type": "array", "items": _TOKENS_SCHEMA, "minItems": 1, "maxItems": MAX_COMMANDS},
        ]
    }
)
"""JSON Schema of what `parse_commands` reads."""

ChainCommands = Annotated[Commands, PlainValidator(parse_commands), PlainSerializer(list), COMMANDS_SCHEMA]
