"""Parse FFmpeg commands in every spelling that jobs may use into argument tuples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from ffmpeg_worker.budgets import MAX_COMMANDS, MAX_TOKENS
from ffmpeg_worker.command.flag_options import is_flag
from ffmpeg_worker.command.shell_words import split_words

Command = tuple[str, ...]
"""The arguments of one FFmpeg run, without the program's name."""

_PROGRAMS = {"ffmpeg", "ffprobe"}
_SHELL_OPERATORS = {"|", "||", ";", ">", ">>", "<", "&", "2>", "2>&1"}
_OPTION_AND_BLANKS = re.compile(r"(-[A-Za-z][^ ]*+) \s*+")


def parse_commands(value: Any, program: str = "ffmpeg") -> tuple[Command, ...]:
    """Parse `chainCmds`.

    Accepts one string, split as a shell would; a list of arguments, in which an element such as `"-c:v libx264"`
    is an option with its value; and a list of such lists. `"&&"` between arguments starts the next command. The
    name of the program is dropped where a command begins with it.

    Raises:
        ValueError: an empty command, a wrong type, an open quotation mark, shell operators or too many arguments.
    """
    if isinstance(value, str):
        tokens = _split(value)
    elif isinstance(value, (list, tuple)) and value and all(_is_list(item) for item in value):
        return _checked([_drop_program(_expand(item), program) for item in value])
    elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        tokens = _expand(value)
    else:
        raise ValueError("must be a list of strings, one string, or a list of such lists")
    return _checked([_drop_program(part, program) for part in _split_chain(tokens)])


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _split(text: str) -> list[str]:
    try:
        tokens = split_words(text)
    except ValueError:
        raise ValueError("has an unclosed quotation mark or a backslash at its end") from None
    for token in tokens:
        if token in _SHELL_OPERATORS:
            raise ValueError(
                f'contains the shell operator "{token}"; no shell runs commands, only "&&" joins them'
            )
    return tokens


def _expand(elements: Sequence[str]) -> list[str]:
    """Split elements that contain an option with its value, or a whole command."""
    if len(elements) == 1 and elements[0].partition(" ")[0] in _PROGRAMS:
        return _split(elements[0])
    tokens: list[str] = []
    for element in elements:
        tokens += _split_option(element)
    return tokens


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


def _split_chain(tokens: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _drop_program(tokens: Sequence[str], program: str) -> Command:
    if tokens and tokens[0] == program:
        return tuple(tokens[1:])
    return tuple(tokens)


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


ChainCommands = Annotated[
    tuple[Command, ...],
    BeforeValidator(parse_commands),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
            ]
        }
    ),
]
