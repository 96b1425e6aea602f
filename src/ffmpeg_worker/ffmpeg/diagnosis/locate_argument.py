"""Locates the argument of a command that a diagnosis is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ffmpeg_worker.ffmpeg.diagnosis.engine_log import strip_protocol
from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import FILTER_OPTIONS

_VALUE_GROUPS = ("value", "stream", "graph", "file", "codec")
_NAME_GROUPS = ("encoder", "decoder", "format")


def locate_argument(arguments: Sequence[str], found: Mapping[str, str], options: Iterable[str] = ()) -> str | None:
    """Return the option, as it is written in the command, that the groups of a pattern refer to.

    `options` are tried next. None if the command has none of them.
    """
    pairs = [pair for pair in pairwise(arguments) if pair[0].startswith("-")]
    if name := found.get("filter"):
        return _filter_option(pairs, name)
    if (name := found.get("option")) and (option := _first_set(arguments, [f"-{name}"])):
        return option
    if index := found.get("index"):
        return _option_with_index(pairs, index)
    return (
        _option_with_value(pairs, [found.get(kind, "") for kind in _VALUE_GROUPS])
        or (f"-{found['option']}" if found.get("option") else None)
        or _first_set(arguments, options)
        or _option_with_value(pairs, [found.get(kind, "") for kind in _NAME_GROUPS])
        or ("-i" if found.get("input") else None)
    )


def _filter_option(pairs: Sequence[tuple[str, str]], name: str) -> str | None:
    holders = [(option, value) for option, value in pairs if option.startswith(FILTER_OPTIONS)]
    inputs = [(option, value) for option, value in pairs if option == "-i"]
    named = [option for option, value in (*holders, *inputs) if name in value]
    return next(iter([*named, *(option for option, _ in holders)]), None)


def _option_with_index(pairs: Sequence[tuple[str, str]], index: str) -> str | None:
    starts = (f"{index}:", f"-{index}:", f"[{index}:")
    for option, value in pairs:
        is_whole_input = value == index and option.startswith("-map")
        if is_whole_input or value.startswith(starts) or starts[2] in value:
            return option
    return None


def _option_with_value(pairs: Sequence[tuple[str, str]], values: Sequence[str]) -> str | None:
    for wanted in filter(None, values):
        for option, value in pairs:
            if strip_protocol(value) in {wanted, f"[{wanted}]"}:
                return option
    return None


def _first_set(arguments: Sequence[str], options: Iterable[str]) -> str | None:
    """Return the first of the options that the command has, with its stream suffix (-b as -b:v)."""
    for option in options:
        for argument in arguments:
            if argument == option or argument.startswith(f"{option}:"):
                return argument
    return None
