"""Conditional requests: whether a caller's copy of a file is still the same (RFC 9110, section 13)."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from enum import Enum

_MAX_DATE_CHARACTERS = 64


class Condition(Enum):
    """What the conditions of a request ask for."""

    SEND = "the file"
    NOT_MODIFIED = "nothing: the caller has it"
    FAILED = "nothing: the caller wants another state of it"


@dataclass(frozen=True, slots=True)
class Version:
    """A state of a file: its strong entity tag, and the time of its last change in whole seconds since 1970."""

    tag: str
    modified_at: int

    @classmethod
    def of(cls, status: os.stat_result) -> Version:
        """Return the version of a file that is replaced, never written into."""
        tag = f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'
        return cls(tag, int(status.st_mtime))

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a caller the version."""
        return {"ETag": self.tag, "Last-Modified": formatdate(self.modified_at, usegmt=True)}

    def check(self, headers: Mapping[str, str]) -> Condition:
        """Return what the conditions of a GET or HEAD ask for, in the order of the standard."""
        if (wanted := headers.get("if-match")) is not None:
            if not self._is_in(wanted, is_weak=False):
                return Condition.FAILED
        elif (date := _read_date(headers.get("if-unmodified-since"))) is not None and self.modified_at > date:
            return Condition.FAILED
        if (known := headers.get("if-none-match")) is not None:
            return Condition.NOT_MODIFIED if self._is_in(known, is_weak=True) else Condition.SEND
        date = _read_date(headers.get("if-modified-since"))
        return Condition.NOT_MODIFIED if date is not None and self.modified_at <= date else Condition.SEND

    def allows_range(self, if_range: str | None) -> bool:
        """Whether a part of this version completes what the caller has, given its `If-Range`."""
        if if_range is None:
            return True
        if if_range.strip().startswith(('"', "W/")):
            return if_range.strip() == self.tag
        # A file may change twice in one second: the date is proof only when that second has passed.
        return _read_date(if_range) == self.modified_at and time.time() >= self.modified_at + 2

    def _is_in(self, tags: str, *, is_weak: bool) -> bool:
        given = [tag.strip() for tag in tags.split(",")]
        if is_weak:
            given = [tag.removeprefix("W/") for tag in given]
        return self.tag in given or given == ["*"]


def _read_date(text: str | None) -> int | None:
    """Return a date of HTTP in seconds since 1970; `None` if there is none, or it is malformed."""
    if text is None or len(text) > _MAX_DATE_CHARACTERS:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
