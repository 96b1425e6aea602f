"""The value of one option, looked at by what it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable

from ffmpeg_worker.command.escapes import split_escaped
from ffmpeg_worker.planning.option_policy import safe_names
from ffmpeg_worker.planning.option_policy.encoder_parameters import refused_keys
from ffmpeg_worker.planning.option_policy.formats import BITSTREAM_FILTERS, DEMUXERS, MUXERS
from ffmpeg_worker.planning.option_policy.refusal import Subject, quoted
from ffmpeg_worker.planning.option_policy.rule import Kind, by_name

_OWN_FILE = "may only name a file of the job's own folder, by a plain name"
_GIVE_AN_INPUT = 'Give the file as an entry of "inputs" and write {{its_name}}.'
_NAME_PLAINLY = "Name a relative path without dots in front, colons and backslashes."
_FORMATS = {Kind.INPUT_FORMAT: by_name(DEMUXERS), Kind.OUTPUT_FORMAT: by_name(MUXERS)}
_BITSTREAM_FILTERS = by_name(BITSTREAM_FILTERS)
# What they take for a name is a list, a graph, or a file that names others.
_NEVER_NESTED = frozenset({"tee", "lavfi", "concat", "hls", "dash"})
_STREAM_MAP_ESCAPES = re.compile(r"\.\.|[/\\]")
_FLAG_WORDS = re.compile(r"[+-]?[a-z]\w*(?:[+|-][a-z]\w*)*")
_MODEL_KEYS = frozenset({"version", "name", "enable_transform", "disable_clip", "enable_conf_interval"})


def judge_value(kind: Kind, value: str, subject: Subject, option: str = "") -> None:
    """Refuse a value; kinds that hold further options are not judged here.

    Raises:
        ForbiddenOption: never with the value in its message.
    """
    judge = _JUDGES.get(kind)
    if judge is not None:
        judge(value, subject)
    elif kind is Kind.PARAMETERS:
        _judge_parameters(value, subject, option)


def judge_format(kind: Kind, value: str, subject: Subject, *, is_nested: bool = False) -> None:
    """Refuse a format; inside another option's value also those whose names are no names of files."""
    # ffmpeg compares without case; the planner does not, and must see the same format.
    review = _FORMATS[kind].get(value)
    inner = subject.inside(quoted("the format", value))
    if review is None:
        raise inner.unknown("format", value.lower(), _FORMATS[kind])
    if review.kind is Kind.REFUSED:
        raise inner.by_review(review)
    if is_nested and value in _NEVER_NESTED:
        raise inner.refusal("is not accepted in this place", "Name another format.")


def _read(value: str, subject: Subject) -> None:
    if not safe_names.may_read(value):
        raise subject.refusal(_OWN_FILE, _GIVE_AN_INPUT)


def _write(value: str, subject: Subject) -> None:
    if not safe_names.may_write(value):
        raise subject.refusal(_OWN_FILE, _NAME_PLAINLY)


def _font(value: str, subject: Subject) -> None:
    if not safe_names.may_hold_fonts(value):
        raise subject.refusal(
            "may only name a font of the job's own folder, or one below /usr/share/fonts", _GIVE_AN_INPUT
        )


def _device(value: str, subject: Subject) -> None:
    if not safe_names.is_device(value):
        raise subject.refusal(
            "may only name a device by kind, number or render node",
            'For example "cuda:0" or "/dev/dri/renderD128".',
        )


def _bitstream_filters(value: str, subject: Subject) -> None:
    for part in split_escaped(value, ","):
        name = part.partition("=")[0].strip()
        if name not in _BITSTREAM_FILTERS:
            inner = subject.inside(quoted("the bitstream filter", name))
            raise inner.unknown("bitstream_filter", name, _BITSTREAM_FILTERS)


def _stream_map(value: str, subject: Subject) -> None:
    if _STREAM_MAP_ESCAPES.search(value):
        raise subject.refusal(
            "may not hold slashes, backslashes or two dots: its names become part of file names",
            "Name the variants plainly.",
        )


def _segment_flags(value: str, subject: Subject) -> None:
    if not _FLAG_WORDS.fullmatch(value):
        raise subject.refusal("may only hold the names of flags", 'For example "independent_segments".')
    if "append_list" in re.split(r"[+|-]", value):
        raise subject.refusal(
            'may not hold "append_list": an older playlist says which files it deletes',
            "Leave append_list out; a job starts in an empty folder, so there is nothing to append to.",
        )


def _model(value: str, subject: Subject) -> None:
    for pair in re.split(r"[|:]", value):
        key, _, text = pair.partition("=")
        if key == "path":
            _read(text, subject)
        elif re.search(r"['\\]", pair) or (key not in _MODEL_KEYS and "." not in key):
            raise subject.refusal(
                "may only hold a model's version, path, name and settings", 'For example "version=vmaf_v0.6.1".'
            )


def _progress(value: str, subject: Subject) -> None:
    if not re.fullmatch(r"-|pipe:\d*", value):
        raise subject.refusal(
            "is not accepted: it writes to any address", "Leave it out; the worker reports progress."
        )


def _threads(value: str, subject: Subject) -> None:
    if not re.fullmatch(r"\d{1,4}|auto", value, re.ASCII):
        raise subject.refusal('must be a whole number or "auto"', "Leave it out to let ffmpeg choose.")


def _judge_parameters(value: str, subject: Subject, option: str) -> None:
    for key in refused_keys(option, value):
        raise subject.inside(quoted("the parameter", key)).refusal(
            "is not accepted: only parameters that name no file are", "Leave it out, or use the encoder's options."
        )


_JUDGES: dict[Kind, Callable[[str, Subject], None]] = {
    Kind.READ: _read,
    Kind.WRITE: _write,
    Kind.FONT: _font,
    Kind.DEVICE: _device,
    Kind.BITSTREAM_FILTERS: _bitstream_filters,
    Kind.STREAM_MAP: _stream_map,
    Kind.SEGMENT_FLAGS: _segment_flags,
    Kind.MODEL: _model,
    Kind.PROGRESS: _progress,
    Kind.THREADS: _threads,
}
