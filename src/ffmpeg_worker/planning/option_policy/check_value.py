"""Check the value of one option by its kind."""

from __future__ import annotations

import re
from collections.abc import Callable

from ffmpeg_worker.command.escapes import split_escaped
from ffmpeg_worker.planning.option_policy import safe_names
from ffmpeg_worker.planning.option_policy.encoder_parameters import find_refused_keys
from ffmpeg_worker.planning.option_policy.formats import BITSTREAM_FILTERS, DEMUXERS, MUXERS
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quote_name
from ffmpeg_worker.planning.option_policy.rule import ValueKind, index_by_name

_JOB_FILES_ONLY = "may only name a file in the job's folder, by a plain relative name"
_GIVE_AN_INPUT = 'Give the file as an entry of "inputs" and write {{its_name}}.'
_NAME_PLAINLY = "Use a relative path without leading dots, colons and backslashes."
_FORMATS = {ValueKind.INPUT_FORMAT: index_by_name(DEMUXERS), ValueKind.OUTPUT_FORMAT: index_by_name(MUXERS)}
_BITSTREAM_FILTERS = index_by_name(BITSTREAM_FILTERS)
# Formats whose "file name" is a list or a graph, or whose files name other files.
_NEVER_NESTED = frozenset({"tee", "lavfi", "concat", "hls", "dash"})
_STREAM_MAP_ESCAPES = re.compile(r"\.\.|[/\\]")
_FLAG_WORDS = re.compile(r"[+-]?[a-z]\w*(?:[+|-][a-z]\w*)*")
_MODEL_KEYS = frozenset({"version", "name", "enable_transform", "disable_clip", "enable_conf_interval"})


def check_value(kind: ValueKind, value: str, context: ArgumentContext, option: str = "") -> None:
    """Refuse a value that its kind does not allow. `OptionChecker` checks kinds that contain options.

    Raises:
        ForbiddenOption: its message never contains the value.
    """
    check = _CHECKS.get(kind)
    if check is not None:
        check(value, context)
    elif kind is ValueKind.PARAMETERS:
        _check_parameters(value, context, option)


def check_format(kind: ValueKind, value: str, context: ArgumentContext, *, is_nested: bool = False) -> None:
    """Refuse a format without an accepting rule.

    Args:
        kind: `INPUT_FORMAT` or `OUTPUT_FORMAT`.
        value: name of the format.
        context: for errors.
        is_nested: whether the name stands inside another option's value, where fewer formats are accepted.
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


def _read(value: str, context: ArgumentContext) -> None:
    if not safe_names.may_read(value):
        raise context.refusal(_JOB_FILES_ONLY, _GIVE_AN_INPUT)


def _write(value: str, context: ArgumentContext) -> None:
    if not safe_names.may_write(value):
        raise context.refusal(_JOB_FILES_ONLY, _NAME_PLAINLY)


def _font(value: str, context: ArgumentContext) -> None:
    if not safe_names.may_read_fonts(value):
        raise context.refusal(
            "may only name a font in the job's folder, or below /usr/share/fonts", _GIVE_AN_INPUT
        )


def _device(value: str, context: ArgumentContext) -> None:
    if not safe_names.is_device(value):
        raise context.refusal(
            "may only name a device by its kind, a number or a render node",
            'For example "cuda:0" or "/dev/dri/renderD128".',
        )


def _bitstream_filters(value: str, context: ArgumentContext) -> None:
    for part in split_escaped(value, ","):
        name = part.partition("=")[0].strip()
        if name not in _BITSTREAM_FILTERS:
            inner = context.inside(quote_name("the bitstream filter", name))
            raise inner.unknown("bitstream_filter", name, _BITSTREAM_FILTERS)


def _stream_map(value: str, context: ArgumentContext) -> None:
    if _STREAM_MAP_ESCAPES.search(value):
        raise context.refusal(
            "may not contain slashes, backslashes or two dots: its names become part of file names",
            "Use plain names for the variants.",
        )


def _segment_flags(value: str, context: ArgumentContext) -> None:
    if not _FLAG_WORDS.fullmatch(value):
        raise context.refusal("may only contain names of flags", 'For example "independent_segments".')
    if "append_list" in re.split(r"[+|-]", value):
        raise context.refusal(
            'may not contain "append_list": with it, an existing playlist says which files are deleted',
            "Leave append_list out; a job starts in an empty folder, so there is nothing to append to.",
        )


def _model(value: str, context: ArgumentContext) -> None:
    for pair in re.split(r"[|:]", value):
        key, _, text = pair.partition("=")
        if key == "path":
            _read(text, context)
        elif re.search(r"['\\]", pair) or (key not in _MODEL_KEYS and "." not in key):
            raise context.refusal(
                "may only contain the version, path, name and settings of a model",
                'For example "version=vmaf_v0.6.1".',
            )


def _progress(value: str, context: ArgumentContext) -> None:
    if not re.fullmatch(r"-|pipe:\d*", value):
        raise context.refusal(
            "is not accepted: it can write to any address", "Leave it out; the worker reports progress."
        )


def _threads(value: str, context: ArgumentContext) -> None:
    if not re.fullmatch(r"\d{1,4}|auto", value, re.ASCII):
        raise context.refusal('must be a whole number or "auto"', "Leave it out to let ffmpeg choose.")


def _check_parameters(value: str, context: ArgumentContext, option: str) -> None:
    for key in find_refused_keys(option, value):
        raise context.inside(quote_name("the parameter", key)).refusal(
            "is not accepted: it may name a file", "Leave it out, or use the encoder's options."
        )


_CHECKS: dict[ValueKind, Callable[[str, ArgumentContext], None]] = {
    ValueKind.READ: _read,
    ValueKind.WRITE: _write,
    ValueKind.FONT: _font,
    ValueKind.DEVICE: _device,
    ValueKind.BITSTREAM_FILTERS: _bitstream_filters,
    ValueKind.STREAM_MAP: _stream_map,
    ValueKind.SEGMENT_FLAGS: _segment_flags,
    ValueKind.MODEL: _model,
    ValueKind.PROGRESS: _progress,
    ValueKind.THREADS: _threads,
}
