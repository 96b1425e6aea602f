"""Split a pasted command line into commands of words, as a shell does, in time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.command.program_words import find_program
from ffmpeg_worker.validation_errors import wrong_value

_WIDE_BLANKS = "\u00a0\u2007\u202f\u3000"
_OPENING, _CLOSING = "\u2018\u2019"
_INVISIBLE = "\u200b\u2060\ufeff"
# Each alternative ends where the next piece can begin, and none gives characters back: no text is read twice.
_PIECE = re.compile(
    r"(?P<continued>[\\^`]\r?\n)"
    r"|(?P<continued_late>[\\^`][ \t]++\r?\n)"
    rf"|(?P<blanks>[ \t\r\n{_WIDE_BLANKS}{_INVISIBLE}]++)"
    rf"|(?P<plain>[^ \t\r\n'\"\\^`“”„{_OPENING}{_WIDE_BLANKS}{_INVISIBLE}]++)"
    r"|'(?P<single>[^']*+)'"
    r"|\"(?P<double>(?:[^\"\\]++|\\.)*)\""
    r"|[“”„](?P<typographic>[^“”„]*+)[“”]"
    rf"|{_OPENING}(?P<typographic_single>[^{_OPENING}{_CLOSING}]*+){_CLOSING}"
    r"|\\(?P<escaped>.)"
    r"|(?P<other>[^'\"\\])",
    re.DOTALL,
)
# `#` before a program is the prompt of a shell.
_COMMENT = re.compile(r"#(?![ \t]*+[^ \t\n]*+(?<=ffmpeg)(?![^ \t\n]))[^\n]*+")
_IN_DOUBLE_QUOTES = re.compile(r"\\(?:\r?\n|([\"\\]))")
_REPAIRED_BLANKS = re.compile(f"[{_WIDE_BLANKS}{_INVISIBLE}]")
_REDIRECTION = re.compile(r"(?:\d|&)?(?:>>?|<(?!<))(&\d|&-|.*)", re.DOTALL)
_GLUED_REDIRECTION = re.compile(r">>?(?:/dev/null|&\d)\Z")
_ENDED_REDIRECTION = re.compile(r"((?:\d|&)?>>?(?:/dev/null|NUL|nul|&\d)|/dev/null|NUL|nul)(;|&&[^ ]*+)")
_DROPPED_TARGETS = frozenset({"/dev/null", "&1", "&2", "&-", "NUL", "nul"})
_MAX_PROGRAM = 256
_NO_SHELL = 'no shell runs commands, only "&&" joins them'
_READERS_OF_LOGS = frozenset("grep egrep awk sed head tail cut tee tr sort wc less cat xargs jq".split())


@dataclass(slots=True)
class _Word:
    """One word; `tail` is what follows its last quotation mark or backslash: all of it where it has none."""

    text: str
    tail: str
    starts_line: bool = False

    @property
    def is_plain(self) -> bool:
        return self.text == self.tail


@dataclass(slots=True)
class PastedCommands:
    """The commands of a pasted text; `is_repaired` if typographic characters were replaced by plain ones."""

    commands: list[list[str]] = field(default_factory=list)
    is_repaired: bool = False


def split_commands(text: str) -> PastedCommands:
    """Split a text into commands.

    Commands are joined by `&&`, or begin on lines of their own. Backslashes (`^` and backquotes on Windows)
    continue a line. Redirections to nowhere are left out: standard output and the log belong to the worker.

    Raises:
        ValueError: a quotation mark is not closed, or something that only a shell can do.
    """
    pasted = PastedCommands()
    words = list(_separate_ends(_read_words(text, pasted)))
    pasted.commands = _join(words)
    return pasted


def _read_words(text: str, pasted: PastedCommands) -> Iterator[_Word]:
    pieces: list[str] = []
    unquoted, position, starts_line = 0, 0, True
    while position < len(text):
        if starts_line and not pieces and (comment := _COMMENT.match(text, position)):
            position = comment.end()
            continue
        piece = _PIECE.match(text, position)
        if piece is None:
            raise ValueError("has an unclosed quotation mark or a backslash at its end")
        kind, position = piece.lastgroup, piece.end()
        if kind in {"blanks", "continued_late"}:
            pasted.is_repaired = pasted.is_repaired or _REPAIRED_BLANKS.search(piece[0]) is not None
            if pieces:
                yield _make_word(pieces, unquoted, starts_line=starts_line)
                pieces, unquoted, starts_line = [], 0, False
            starts_line = starts_line or (kind == "blanks" and "\n" in piece[0])
        elif kind in {"plain", "other"}:
            pieces.append(piece[0])
        elif kind != "continued":
            pasted.is_repaired = pasted.is_repaired or str(kind).startswith("typographic")
            pieces.append(_unquote(piece))
            unquoted = len(pieces)
    if pieces:
        yield _make_word(pieces, unquoted, starts_line=starts_line)


def _separate_ends(words: Iterable[_Word]) -> Iterator[_Word]:
    """Cut off what joins or ends commands where it is glued to a redirection: `2>/dev/null;`."""
    for word in words:
        found = _ENDED_REDIRECTION.fullmatch(word.text) if word.is_plain else None
        if found is None:
            yield word
        else:
            yield _Word(found[1], found[1], word.starts_line)
            yield _Word(found[2], found[2])


def _make_word(pieces: Sequence[str], unquoted: int, *, starts_line: bool) -> _Word:
    """A word of pieces, of which those from the number `unquoted` on are neither quoted nor escaped."""
    return _Word("".join(pieces), "".join(pieces[unquoted:]), starts_line)


def _unquote(piece: re.Match[str]) -> str:
    text = str(piece[piece.lastgroup or 0])
    if piece.lastgroup == "double":
        if "$(" in text:
            raise _substitution()
        return _IN_DOUBLE_QUOTES.sub(r"\1", text)
    # Programs that replace quotation marks replace those inside a text as well.
    return text.replace(_OPENING, "'").replace(_CLOSING, "'") if piece.lastgroup == "typographic" else text


def _join(words: Sequence[_Word]) -> list[list[str]]:
    """Collect the words of each command."""
    commands: list[list[str]] = [[]]
    remaining = iter(enumerate(words))
    for number, word in remaining:
        following = words[number + 1] if number + 1 < len(words) else None
        if word.starts_line and commands[-1] and find_program(word.text) is not None:
            commands.append([])
        if _is_redirection(word, remaining):
            continue
        _refuse_operators(word, following)
        *before, last = _split_at_and(word)
        for part in before:
            commands[-1] += [part] if part else []
            commands.append([])
        last, ends_command = _without_semicolon(word, last, following)
        commands[-1] += [last] if last else []
        if ends_command:
            commands.append([])
    return commands


def _is_redirection(word: _Word, remaining: Iterator[tuple[int, _Word]]) -> bool:
    """Whether a word redirects the log or standard output to nowhere; takes its target from `remaining`."""
    found = _REDIRECTION.fullmatch(word.text) if word.is_plain else None
    if found is None:
        return False
    target = found[1]
    if not target:
        target = next(remaining, (0, _Word("", "")))[1].text
    if target in _DROPPED_TARGETS:
        return True
    if "<" in word.text.partition(target or "\n")[0]:
        raise wrong_value(f'contains the shell operator "<"; {_NO_SHELL}', "Name the file with -i.")
    raise wrong_value(
        f'contains the shell operator ">"; {_NO_SHELL}',
        'Name the output in the command itself; results have the log of commands that only measure ("logs").',
    )


def _refuse_operators(word: _Word, following: _Word | None) -> None:
    if "$(" in word.tail:
        raise _substitution()
    operator = word.text if word.text in {"|", "||", "|&"} else word.text[:1]
    if not word.is_plain or operator not in {"|", "||", "|&"}:
        return
    program = word.text.lstrip("|&") or (following.text if following else "")
    if program in _READERS_OF_LOGS:
        hint = (
            'Leave it out: results hold what a command measures, and the action "probe" reads media information.'
        )
    elif find_program(program) == "ffmpeg":
        hint = 'Write a file between the two commands, and join them with "&&".'
    else:
        hint = "Leave out what follows it."
    raise wrong_value(f'contains the shell operator "{operator}"; {_NO_SHELL}', hint)


def _split_at_and(word: _Word) -> list[str]:
    """The parts of a word between its `&&`; one inside a URL or an expression belongs to the word."""
    start = len(word.text) - len(word.tail)
    parts: list[str] = []
    position = 0
    for piece in word.tail.split("&&")[:-1]:
        start += len(piece)
        after = word.text[start + 2 : start + 2 + _MAX_PROGRAM]
        if start in {position, len(word.text) - 2} or find_program(after) is not None:
            parts.append(word.text[position:start])
            position = start + 2
        start += 2
    return [*parts, word.text[position:]]


def _without_semicolon(word: _Word, text: str, following: _Word | None) -> tuple[str, bool]:
    """A word without the operator at its end, and whether the next word begins a command."""
    if _GLUED_REDIRECTION.search(word.tail[-16:]):
        text = text[: text.rindex(">")].rstrip(">") if ">" in text else text
    is_end = following is None or find_program(following.text) is not None
    if word.tail.endswith(";") and is_end:
        return text.removesuffix(";"), following is not None
    if word.text == "&" and is_end:
        return "", following is not None
    if word.is_plain and word.text in {";", "&"}:
        raise wrong_value(f'contains the shell operator "{word.text}"; {_NO_SHELL}', 'Join commands with "&&".')
    return text, False


def _substitution() -> Exception:
    return wrong_value(
        "contains $(…), which only a shell replaces; no shell runs commands", "Write the value itself."
    )
