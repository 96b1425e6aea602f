"""The interface of an object that is uploaded in parts of its own choice and order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ffmpeg_worker.storage.objects.upload_memory import Part


@dataclass(frozen=True, slots=True)
class PartData:
    """A part, numbered from 0, with the SHA-256 of its bytes in hexadecimal digits."""

    number: int
    data: Part
    sha256: str


class PartStore(Protocol):
    """Uploads one object in parts; none is visible before they are joined.

    All methods raise PartRequestFailed if the store refuses or does not respond after some retries, and
    AddressNotAllowed if the worker may not call its address.
    """

    async def begin(self) -> str:
        """Begin an upload; returns its id."""
        ...

    async def put(self, upload: str, part: PartData) -> str:
        """Upload a part, which replaces one of the same number; returns the tag that `join` needs."""
        ...

    async def join(self, upload: str, tags: Sequence[str]) -> str | None:
        """Make the object from parts 0, 1 and so on, whose tags are given; returns its ETag."""
        ...

    async def abort(self, upload: str) -> None:
        """Remove the parts; an upload that does not exist is no error."""
        ...
