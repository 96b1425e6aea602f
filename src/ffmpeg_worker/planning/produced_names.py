"""Names of the outputs of a chain, among which later commands and lists find their inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ffmpeg_worker.budgets import MAX_PRODUCED_NAMES, MAX_SEQUENCE_CHARACTERS
from ffmpeg_worker.command.name_patterns import NamePatterns, first_name, is_sequence
from ffmpeg_worker.errors import InvalidJob

_MAX_NAME_CHARACTERS = 4096


class ProducedNames:
    """The names of outputs, as the caller calls them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._first_names: dict[str, str] = {}
        self._sequences = NamePatterns()
        self._sequence_characters = 0
        for name in names:
            self.add(name)

    def __contains__(self, name: object) -> bool:
        return name in self._first_names

    def __iter__(self) -> Iterator[str]:
        return iter(self._first_names)

    def add(self, name: str) -> None:
        """Add the name of an output.

        Raises:
            InvalidJob: there are too many, or the names of sequences are too long.
        """
        if name in self._first_names:
            return
        if is_sequence(name):
            self._sequence_characters += len(name)
            if self._sequence_characters > MAX_SEQUENCE_CHARACTERS:
                raise _too_many(
                    f"sequences whose names have more than {MAX_SEQUENCE_CHARACTERS} characters in all"
                )
            self._sequences.add_sequence(name)
        self._first_names[name] = first_name(name)
        if len(self._first_names) > MAX_PRODUCED_NAMES:
            raise _too_many(f"more than {MAX_PRODUCED_NAMES} files")

    def include(self, key: str) -> bool:
        """Whether a key is an output: by name, as a file of a sequence, or as the match of a wildcard."""
        if key in self._first_names:
            return True
        if len(key) > _MAX_NAME_CHARACTERS:
            return False
        return self._sequences.match(key) or ("*" in key and self._match_wildcards(key))

    def _match_wildcards(self, pattern: str) -> bool:
        wildcards = NamePatterns()
        wildcards.add_wildcards(pattern)
        return any(wildcards.match(name) for name in self._first_names.values())


def _too_many(what: str) -> InvalidJob:
    return InvalidJob(
        f"The commands write {what}.", code="command_too_long", hint="Split the work into several jobs."
    )
