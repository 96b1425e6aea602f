"""State of the upload of one output of a delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.storage.transfer import TransferMeter

MAX_UPLOADS = 6
"""Concurrent requests for the outputs of one job."""
_MAX_NAMED = 5


@dataclass(slots=True)
class OutputUpload:
    """An output of a delivery, and the tasks that upload it.

    Attributes:
        size: bytes of `path` when it was sent.
        uploads: the last one uploads what `path` holds now; earlier ones were cancelled, and may still end.
        meter: counts the bytes of the last upload; `counted` of them were passed on to the delivery's meter.
        etag: that of the stored object.
        is_withdrawn: whether it shall not be delivered.
        is_stored: whether the store has some version of it that this delivery has uploaded.
    """

    path: Path
    size: int = 0
    uploads: list[asyncio.Task[None]] = field(default_factory=list)
    meter: TransferMeter = field(default_factory=TransferMeter)
    counted: int = 0
    etag: str | None = None
    is_withdrawn: bool = False
    is_stored: bool = False

    @property
    def may_be_stored(self) -> bool:
        """Whether the store has some version of it, or may soon have one."""
        return self.is_stored or any(not upload.done() for upload in self.uploads)


def stop_uploads(outputs: Iterable[OutputUpload]) -> None:
    """Cancel all uploads of these outputs; their tasks may not have ended yet."""
    for output in outputs:
        for upload in output.uploads:
            upload.cancel()


def list_outputs(names: Sequence[str]) -> str:
    """Return the names of outputs for a message, the first few of many."""
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(f'"{display_name(name)}"' for name in names[:_MAX_NAMED]) + more
