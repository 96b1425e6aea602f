"""Words in front of a command's arguments: the name of the program, a prompt, and programs that start others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.validation_errors import wrong_value

PROGRAMS = frozenset({"ffmpeg", "ffprobe", "ffplay"})
_PROMPTS = frozenset({"$", "%", "#", ">"})
# They change who runs FFmpeg and with which priority, or measure it; none of that concerns the result.
_STARTERS = frozenset("sudo time nohup exec command nice ionice env winpty call".split())
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_WINDOWS_PROGRAM = re.compile(r"[A-Za-z]:.*?(ffmpeg|ffprobe|ffplay)\.exe", re.DOTALL | re.IGNORECASE)
_MAX_STARTERS = 8
_PLAIN_NAME = re.compile(r"[\w./{}<> -]{1,128}")
_WITHOUT_VALUE = frozenset("hide_banner pretty unit byte_binary_prefix prefix sexagesimal".split())


def find_program(word: str) -> str | None:
    """The program that a word names, with or without its folder and `.exe`; `None` for other words."""
    base = word[max(word.rfind("/"), word.rfind("\\")) + 1 :].lower().removesuffix(".exe")
    if base in PROGRAMS:
        return base
    # A shell takes the backslashes of a path without quotation marks away.
    found = _WINDOWS_PROGRAM.fullmatch(word) if word[1:2] == ":" else None
    return found[1].lower() if found else None


def drop_program(tokens: Sequence[str], program: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arguments of a command without the program's name, and the words before that name, except prompts.

    Raises:
        ValueError: the command runs another program.
    """
    start = _find_start(tokens)
    named = find_program(tokens[start]) if start < len(tokens) else None
    if named is None:
        _refuse_other_program(tokens)
        return tuple(tokens), ()
    arguments = tuple(tokens[start + 1 :])
    if named != program:
        raise _other_program(named, arguments)
    return arguments, tuple(word for word in tokens[:start] if word not in _PROMPTS)


def _find_start(tokens: Sequence[str]) -> int:
    """The number of words before the program; 0 where they could be something else."""
    has_starter = False
    before = ""
    for number, word in enumerate(tokens[: _MAX_STARTERS + 1]):
        if find_program(word) is not None:
            return number
        is_starter = word in _STARTERS or word in _PROMPTS or _ASSIGNMENT.fullmatch(word) is not None
        is_argument = word.startswith("-") or before.startswith("-")
        if not is_starter and not (has_starter and is_argument):
            return 0
        has_starter = has_starter or word in _STARTERS
        before = word
    return 0


def _refuse_other_program(tokens: Sequence[str]) -> None:
    """Refuse `timeout 60 ffmpeg …`: its words would be taken for outputs."""
    first = tokens[0] if tokens else ""
    if first.startswith("-"):
        return
    for word in tokens[1:_MAX_STARTERS]:
        if word == "-i":
            return
        if find_program(word) is not None:
            hint = 'Use "timeout" of the job.' if first == "timeout" else "Begin the command with ffmpeg."
            raise wrong_value("runs another program before ffmpeg; no shell runs commands", hint)


def _other_program(named: str, arguments: tuple[str, ...]) -> Exception:
    if named == "ffprobe":
        return wrong_value("runs ffprobe, which is the action `probe`", _probe_hint(arguments))
    if named == "ffplay":
        return wrong_value("runs ffplay, which shows media on a screen", "Write a file with ffmpeg.")
    return wrong_value(f"runs {named}, and this action runs another program", "Use the action `process`.")


def _probe_hint(arguments: Sequence[str]) -> str:
    """The job that does what an ffprobe command does."""
    name = ""
    skips = False
    for before, word in zip(("", *arguments), arguments, strict=False):
        if before == "-i":
            name = word
        elif skips:
            skips = False
        elif word.startswith("-"):
            option = word[1:]
            skips = option != "i" and not option.startswith(("show_", "count_")) and option not in _WITHOUT_VALUE
            skips = skips or option in {"show_entries", "show_optional_fields", "show_data_hash"}
        elif word not in {"&&", ";"}:
            name = word
    shown = name if _PLAIN_NAME.fullmatch(name) else "{{in_1}}"
    data = f'{{"input": "{shown}"}}'
    return f'Send {{"action": "probe", "data": {data}}}, or {data} to /api/ffmpeg/probe.'
