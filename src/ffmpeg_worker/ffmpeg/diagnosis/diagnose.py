"""Explains why an ffmpeg run failed: a code, the cause in one sentence, its place in the command, and a hint."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from signal import SIGABRT

from ffmpeg_worker.ffmpeg.diagnosis.engine_log import Line, find_main_complaint, find_open_failures, read_log
from ffmpeg_worker.ffmpeg.diagnosis.failures import FAILURES
from ffmpeg_worker.ffmpeg.diagnosis.failures.codecs import HARDWARE_ABORT, MISSING_HARDWARE_LIBRARY
from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, Sign
from ffmpeg_worker.ffmpeg.diagnosis.failures.resources import SIGNALS
from ffmpeg_worker.ffmpeg.diagnosis.locate_argument import locate_argument
from ffmpeg_worker.ffmpeg.diagnosis.near_names import is_known, suggest_name

_PLACES = ("filter", "encoder", "decoder", "format", "option", "stream", "file", "input", "output")
_SYMPTOM = "input_corrupt"  # often reported along with the actual cause
_MAX_QUOTED = 160
_HARDWARE = re.compile(
    r"-(?:hwaccel|hwaccel_device|init_hw_device|vaapi_device|qsv_device)(?::.*+)?|\w{1,64}_(?:vaapi|qsv)"
)
_SIGKILL_IN_A_SHELL = 137


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The explanation of a failed run.

    `code` is declared in codes.py; `message` is one sentence; `where` names the `argument` of the command and what
    it concerns: `filter`, `option`, `encoder`, `decoder`, `format`, `stream`, `file`, `input` or `output`.
    """

    code: str
    message: str
    hint: str | None
    where: dict[str, str | int]


def diagnose(
    stderr: str,
    *,
    exit_code: int,
    signal: int | None = None,
    arguments: Sequence[str] = (),
    known: Mapping[str, Collection[str]] | None = None,
) -> Diagnosis:
    """Find the most specific cause of a failure in ffmpeg's log; never fails.

    Args:
        stderr: the log or its tail, preferably of `-loglevel level+info`.
        exit_code: exit code of ffmpeg; negative for a signal.
        signal: the signal that ended ffmpeg, if one did.
        arguments: the command without the name of the program.
        known: names of this build by kind ("encoders", "decoders", "filters", "muxers", "demuxers"), for hints.
    """
    ended_by = signal if signal is not None else _signal_of(exit_code)
    failure = SIGNALS.get(ended_by) if ended_by is not None else None
    if failure is not None and not _aborted_without_library(ended_by, stderr):
        if ended_by == SIGABRT and any(map(_HARDWARE.fullmatch, arguments)):
            failure = HARDWARE_ABORT  # drivers and their loaders abort instead of failing
        return _diagnosis(failure, failure.signs[0], {}, arguments, {})
    lines = read_log(stderr)
    found = _find(lines, arguments, known or {})
    if found is None or found.code == _SYMPTOM:
        everything = read_log(stderr, everything=True)
        found = _find(everything, arguments, known or {}) or found
    return found or _unknown(lines, exit_code)


def _find(
    lines: Sequence[Line],
    arguments: Sequence[str],
    known: Mapping[str, Collection[str]],
) -> Diagnosis | None:
    text = "\n".join([*map(str, lines), *find_open_failures(lines, arguments)])
    for failure in FAILURES:
        for sign in failure.signs:
            groups = _match(sign, text, arguments)
            if groups is not None and not is_known(failure.near, groups, known):
                return _diagnosis(failure, sign, groups, arguments, known)
    return None


def _aborted_without_library(ended_by: int | None, stderr: str) -> bool:
    """Whether FFmpeg aborted because a hardware library is not installed: the log then gives the reason."""
    return ended_by == SIGABRT and re.search(MISSING_HARDWARE_LIBRARY, stderr) is not None


def _unknown(lines: Sequence[Line], exit_code: int) -> Diagnosis:
    if complaint := find_main_complaint(lines):
        message = f"FFmpeg failed: {_make_quotable(complaint)}"
    else:
        message = f"FFmpeg ended with exit code {exit_code} and gave no reason"
    return Diagnosis("engine_failed", _end_sentence(message), hint=None, where={})


def _signal_of(exit_code: int) -> int | None:
    if exit_code < 0:
        return -exit_code
    # Other codes over 128 are of ffmpeg itself: since version 6 it exits with the low byte of its error number.
    return 9 if exit_code == _SIGKILL_IN_A_SHELL else None


def _match(sign: Sign, text: str, arguments: Sequence[str]) -> dict[str, str] | None:
    needed = next(filter(re.compile(sign.argument).search, arguments), None) if sign.argument else ""
    match = next(filter(None, (re.search(pattern, text, re.MULTILINE) for pattern in sign.patterns)), None)
    if needed is None or match is None:
        return None
    groups = {name: value or "" for name, value in match.groupdict().items()}
    if needed:
        groups |= {"option": needed[1:]} if needed.startswith("-") else {"value": needed}
    return groups


def _diagnosis(
    failure: Failure,
    sign: Sign,
    groups: Mapping[str, str],
    arguments: Sequence[str],
    known: Mapping[str, Collection[str]],
) -> Diagnosis:
    where: dict[str, str | int] = {name: groups[name] for name in _PLACES if groups.get(name)}
    if argument := locate_argument(arguments, groups, failure.options):
        where = {"argument": argument, **where}
    if "filter" not in where and "option" in where:
        del where["option"]  # it is the argument
    hint = sign.hint or failure.hint
    if failure.near and (near := suggest_name(failure.near, groups, known)):
        hint = f"Did you mean '{near}'? {hint}"
    words = {name: _make_quotable(value) for name, value in groups.items()}
    return Diagnosis(failure.code, _end_sentence(sign.message.format_map(words)), hint, where)


def _make_quotable(text: str) -> str:
    """Make a part of the log fit for a sentence: short, printable, without trailing zeros and secrets of URLs."""
    text = re.sub(r"(\b\w+://)(?:[^/@\s]*@)?([^?\s']*)\?[^\s']*", r"\1\2", text)
    text = re.sub(r"(\d)\.0{6}\b", r"\1", text)
    text = re.sub(r"^(\S+) - (\S+)$", r"\1 to \2", text)
    text = "".join(character if character.isprintable() else " " for character in text).strip(" .")
    text = text.replace(". ", "; ")
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def _end_sentence(text: str) -> str:
    return text.strip().rstrip(".") + "."
