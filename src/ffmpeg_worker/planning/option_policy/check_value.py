"""Check the value of one option by its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ffmpeg_worker.command.filter_graph import split_escaped
from ffmpeg_worker.planning.option_policy import safe_names
from ffmpeg_worker.planning.option_policy.encoder_parameters import (
    ParameterUse,
    known_parameters,
    read_parameters,
)
from ffmpeg_worker.planning.option_policy.formats import BITSTREAM_FILTERS, DEMUXERS, MUXERS
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quote_name
from ffmpeg_worker.planning.option_policy.rule import ValueKind, index_by_name
from ffmpeg_worker.suggestions import find_nearest

_JOB_FILES_ONLY = "may only name a file in the job's folder, by a plain relative name"
_GIVE_AN_INPUT = 'Give the file as an entry of "inputs" and write {{its_name}}.'
_FORMATS = {ValueKind.INPUT_FORMAT: index_by_name(DEMUXERS), ValueKind.OUTPUT_FORMAT: index_by_name(MUXERS)}
_BITSTREAM_FILTERS = index_by_name(BITSTREAM_FILTERS)
# Formats whose "file name" is a list or a graph, or whose files name other files.
_NEVER_NESTED = frozenset({"tee", "lavfi", "concat", "hls", "dash"})
_FLAG_WORDS = re.compile(r"[+-]?[a-z]\w*(?:[+|-][a-z]\w*)*")
_MODEL_KEYS = frozenset({"version", "name", "enable_transform", "disable_clip", "enable_conf_interval"})
# What every value of a kind must meet, and the two parts of the error for others.
_REQUIREMENTS: dict[ValueKind, tuple[Callable[[str], object], str, str]] = {
    ValueKind.READ: (safe_names.may_read, _JOB_FILES_ONLY, _GIVE_AN_INPUT),
    ValueKind.WRITE: (
        safe_names.may_write,
        _JOB_FILES_ONLY,
        "Use a relative path without leading dots, colons and backslashes.",
    ),
    ValueKind.FONT: (
        safe_names.may_read_fonts,
        "may only name a font in the job's folder, or below /usr/share/fonts",
        _GIVE_AN_INPUT,
    ),
    ValueKind.DEVICE: (
        safe_names.is_device,
        "may only name a device by its kind, a number or a render node",
        'For example "cuda:0" or "/dev/dri/renderD128".',
    ),
    ValueKind.STREAM_MAP: (
        re.compile(r"(?:(?!\.\.)[^/\\])*").fullmatch,
        "may not contain slashes, backslashes or two dots: its names become part of file names",
        "Use plain names for the variants.",
    ),
    ValueKind.PROGRESS: (
        re.compile(r"-|pipe:\d*").fullmatch,
        "is not accepted: it can write to any address",
        "Leave it out; the worker reports progress.",
    ),
    ValueKind.THREADS: (
        re.compile(r"\d{1,4}|auto", re.ASCII).fullmatch,
        'must be a whole number or "auto"',
        "Leave it out to let ffmpeg choose.",
    ),
}


def check_value(kind: ValueKind, value: str, context: ArgumentContext, option: str = "") -> None:
    """Refuse a value that its kind does not allow. `OptionChecker` checks kinds that contain options.

    Raises:
        ForbiddenOption: its message never contains the value.
    """
    if kind in _REQUIREMENTS:
        is_met, why, instead = _REQUIREMENTS[kind]
        if not is_met(value):
            raise context.refusal(why, instead)
    match kind:
        case ValueKind.BITSTREAM_FILTERS:
            _check_bitstream_filters(value, context)
        case ValueKind.SEGMENT_FLAGS:
            _check_segment_flags(value, context)
        case ValueKind.MODEL:
            _check_model(value, context)
        case ValueKind.PARAMETERS:
            _check_parameters(value, context, option)


def check_format(kind: ValueKind, value: str, context: ArgumentContext, *, is_nested: bool = False) -> None:
    """Refuse a format without an accepting rule; `kind` is `INPUT_FORMAT` or `OUTPUT_FORMAT`.

    `is_nested` says whether its name stands inside another option's value, where fewer formats are accepted.
    """
    # FFmpeg ignores case here. The planner does not, and must see the same format: unknown if not lower case.
    rule = _FORMATS[kind].get(value)
    inner = context.inside(quote_name("the format", value))
    if rule is None:
        raise inner.unknown("format", value.lower(), _FORMATS[kind])
    if rule.kind is ValueKind.REFUSED:
        raise inner.refused_by(rule)
    if is_nested and value in _NEVER_NESTED:
        raise inner.refusal("is not accepted inside another option", "Name another format.")


def _check_bitstream_filters(value: str, context: ArgumentContext) -> None:
    for part in split_escaped(value, ","):
        name = part.partition("=")[0].strip()
        if name not in _BITSTREAM_FILTERS:
            inner = context.inside(quote_name("the bitstream filter", name))
            raise inner.unknown("bitstream_filter", name, _BITSTREAM_FILTERS)


def _check_segment_flags(value: str, context: ArgumentContext) -> None:
    if not _FLAG_WORDS.fullmatch(value):
        raise context.refusal("may only contain names of flags", 'For example "independent_segments".')
    check_appended_lists([value], context)


def check_appended_lists(values: Sequence[str], context: ArgumentContext) -> None:
    """Refuse values of `-hls_flags` of one output that append to a playlist and delete its segments.

    Raises:
        ForbiddenOption: an existing playlist would say which files are deleted.
    """
    flags = {flag for value in values for flag in re.split(r"[+|-]", value)}
    if {"append_list", "delete_segments"} <= flags:
        raise context.refusal(
            'may not contain both "append_list" and "delete_segments": '
            "an existing playlist would say which files are deleted",
            "Leave append_list out if the output is new; a job starts in an empty folder.",
        )


def _check_model(value: str, context: ArgumentContext) -> None:
    for pair in re.split(r"[|:]", value):
        key, _, text = pair.partition("=")
        if key == "path":
            check_value(ValueKind.READ, text, context)
        elif re.search(r"['\\]", pair) or (key not in _MODEL_KEYS and "." not in key):
            raise context.refusal(
                "may only contain the version, path, name and settings of a model",
                'For example "version=vmaf_v0.6.1".',
            )


def _check_parameters(value: str, context: ArgumentContext, option: str) -> None:
    for parameter in read_parameters(option, value):
        inner = context.inside(quote_name("the parameter", parameter.key))
        match parameter.use:
            case ParameterUse.READ:
                check_value(ValueKind.READ, parameter.value, inner)
            case ParameterUse.FILE | ParameterUse.ESCAPED:
                raise inner.refusal("is not accepted: it may name a file", parameter.instead)
            case ParameterUse.UNKNOWN:
                nearest = find_nearest(parameter.key, sorted(known_parameters(option)))
                hint = f'Did you mean "{nearest}"?' if nearest else "Leave it out, or use the encoder's options."
                raise inner.refusal("is unknown or not accepted", hint)
