"""Match file names against FFmpeg's patterns: numbers (`%03d`), dates (`%Y`) and wildcards (`*`).

All patterns of a set are matched at once by an automaton whose states are the bits of an integer (the Shift-And
algorithm): each character of a name costs a few operations on it, whatever the patterns repeat. A backtracking
regular expression takes exponential time for `%Y%Y%Y%Y`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NUMBER = re.compile(r"%0?\d*+d")
_CODES = re.compile(r"(%%|%\d*+[A-Za-z])")
_RANGE = re.compile(r"(.)(?:-(.))?", re.DOTALL)
MAX_CHARACTER_SETS = 32
"""Sets such as `[a-z]` in one pattern; one with more matches nothing."""


def is_sequence(name: str) -> bool:
    """Whether a name is a pattern for numbered files."""
    return _NUMBER.search(name) is not None


def first_name(name: str) -> str:
    """A file of a sequence: the name with the number 1."""
    return _NUMBER.sub("1", name)


@dataclass(frozen=True, slots=True)
class _CharacterSet:
    """Accepts characters and ranges of characters, or all others."""

    ranges: tuple[tuple[str, str], ...]
    is_negated: bool

    def accepts(self, character: str) -> bool:
        return any(first <= character <= last for first, last in self.ranges) != self.is_negated


@dataclass(slots=True)
class NamePatterns:
    """A set of patterns. Each has a state for the beginning, and one after each of its parts.

    The masks hold the states before a part: a literal, a run of digits, a run of characters but slashes, or one
    character. In the states of `_loops` any characters may follow.
    """

    _size: int = 0
    _starts: int = 0
    _ends: int = 0
    _literals: dict[str, int] = field(default_factory=dict)
    _digits: int = 0
    _no_slashes: int = 0
    _characters: int = 0
    _sets: list[tuple[int, _CharacterSet]] = field(default_factory=list)
    _loops: int = 0

    def add_output(self, name: str) -> None:
        """Add the name of an output: `%%` is a percent sign, `%d` a number, another letter a date or variant."""
        self._starts |= self._state
        for index, part in enumerate(_CODES.split(name)):
            if index % 2 == 0 or part == "%%":
                self._add_literal("%" if part == "%%" else part)
            elif part.endswith("d"):
                self._add_number()
            else:
                self._no_slashes |= self._state
                self._size += 1
        self._end()

    def add_sequence(self, name: str) -> None:
        """Add the name of numbered files, such as `%03d.png`, in which no other code has a meaning."""
        self._starts |= self._state
        for index, literal in enumerate(_NUMBER.split(name)):
            if index:
                self._add_number()
            self._add_literal(literal)
        self._end()

    def add_wildcards(self, pattern: str) -> None:
        """Add a pattern of a shell: `*`, `?`, `[a-z]` and `[!a-z]`."""
        if pattern.count("[") > MAX_CHARACTER_SETS:
            return
        self._starts |= self._state
        position = 0
        while position < len(pattern):
            character = pattern[position]
            position += 1
            if character == "*":
                self._loops |= self._state
            elif character == "?":
                self._characters |= self._state
                self._size += 1
            elif character == "[" and (end := _find_set_end(pattern, position)) > 0:
                self._sets.append((self._state, _read_set(pattern[position:end])))
                self._size += 1
                position = end + 1
            else:
                self._add_literal(character)
        self._end()

    def match(self, name: str) -> bool:
        """Whether a whole name matches one of the patterns."""
        states = self._starts
        after_digits, after_no_slashes = self._digits << 1, self._no_slashes << 1
        for character in name:
            advancing, staying = self._literals.get(character, 0) | self._characters, self._loops
            if character != "/":
                advancing, staying = advancing | self._no_slashes, staying | after_no_slashes
            if character.isdecimal():
                advancing, staying = advancing | self._digits, staying | after_digits
            for state, one in self._sets:
                advancing |= state if one.accepts(character) else 0
            states = (states & advancing) << 1 | states & staying
            if not states:
                return False
        return bool(states & self._ends)

    @property
    def _state(self) -> int:
        return 1 << self._size

    def _add_literal(self, text: str) -> None:
        for character in text:
            self._literals[character] = self._literals.get(character, 0) | self._state
            self._size += 1

    def _add_number(self) -> None:
        self._digits |= self._state
        self._size += 1

    def _end(self) -> None:
        self._ends |= self._state
        self._size += 1


def _find_set_end(pattern: str, position: int) -> int:
    """The position of the bracket that ends a set; one at its beginning belongs to it. -1 where there is none."""
    return pattern.find("]", position + (2 if pattern.startswith("!", position) else 1))


def _read_set(text: str) -> _CharacterSet:
    is_negated = text.startswith("!")
    found = _RANGE.finditer(text, 1 if is_negated else 0)
    return _CharacterSet(tuple((one[1], one[2] or one[1]) for one in found), is_negated)
