"""Names of staged inputs in texts, which mean nothing to a caller, and the caller's own names for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ffmpeg_worker.job.local_files import STAGING_FOLDER

_STAGED = re.compile(rf"(?:file:)?({STAGING_FOLDER}/[A-Za-z0-9._-]++)")


class StagedNames:
    """Finds staged names by their plain part, so that the time does not grow with the number of inputs."""

    def __init__(self, display_names: Mapping[str, str]) -> None:
        """`display_names` are the caller's names by staged name."""
        self._by_plain_part: dict[str, tuple[str, str]] = {}
        for staged, name in display_names.items():
            if found := _STAGED.match(staged):
                # A playlist and the files of a sequence lie in a folder of their own.
                self._by_plain_part[found[1]] = (staged[found.end() :], name)

    def replace_in(self, text: str) -> str:
        """The text with the caller's names."""
        return "".join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[str]:
        position = 0
        for found in _STAGED.finditer(text):
            plain = found[1] if found[1] in self._by_plain_part else found[1].rstrip("._-")
            rest, name = self._by_plain_part.get(plain, ("", None))
            end = found.start(1) + len(plain)
            if name is not None and found.start() >= position and text.startswith(rest, end):
                yield text[position : found.start()]
                yield name
                position = end + len(rest)
        yield text[position:]
