"""The JSON blocks of a Markdown page, each with the note in the comment before it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

_BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```json\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_CURL = re.compile(r"^curl .*?\$api(?P<path>/\S+) -d '(?P<text>[^']*)'", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One block: `note` is "" for a whole job, "body of <path>", "refused: <code>" or "answer"."""

    place: str
    note: str
    value: Any

    @property
    def path(self) -> str | None:
        """The route of an action whose body this is; `/jobs` takes whole jobs."""
        path = self.note.removeprefix("body of ")
        return None if path in {self.note, "/jobs"} else path

    @property
    def job(self) -> Any:
        """The block as a whole job."""
        return self.value if self.path is None else {"path": self.path, "body": self.value}

    @property
    def code(self) -> str | None:
        """The code of the error that this job is refused with."""
        return self.note.removeprefix("refused: ") if self.note.startswith("refused: ") else None

    @property
    def runs(self) -> bool:
        """Whether this is a job to be run as it stands."""
        return not self.note or self.note.startswith("body of ")

    def __str__(self) -> str:
        return self.place


def examples_of(page: str) -> list[Example]:
    """All JSON blocks and curl bodies of a page, given by its path in the project."""
    text = (ROOT / page).read_text(encoding="utf-8")

    def place(position: int) -> str:
        return f"{page}:{text.count(chr(10), 0, position) + 1}"

    blocks = [
        Example(place(m.start("text")), m["note"] or "", json.loads(m["text"])) for m in _BLOCK.finditer(text)
    ]
    curls = [
        Example(place(m.start()), f"body of {m['path']}", json.loads(m["text"])) for m in _CURL.finditer(text)
    ]
    return blocks + curls
