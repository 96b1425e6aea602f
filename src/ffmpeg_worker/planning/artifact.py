"""Files that a job must have made, and how their names stand for files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ffmpeg_worker.errors import InvalidJob


class ArtifactKind(StrEnum):
    """The number of files that an output name stands for."""

    FILE = "file"
    SEQUENCE = "sequence"
    """A pattern such as `%04d.jpg`: many numbered files."""
    PLAYLIST = "playlist"
    """An HLS or DASH manifest: one file with companions."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file, or a family of files, that the job must have made.

    `name` is the caller's name, `work_name` the path that the command writes, relative to the working directory.
    `promised_s` is the least length in seconds that the plan itself guarantees; lengths that follow from the
    media of the inputs are in `expectations.py`. `is_copy` tells whether it is an unchanged input, which may be
    larger than what programs may write. `entry` is the master playlist that players open first, if there is one.
    larger than what programs may write. `is_side` tells whether an option or filter writes it beside the outputs,
    such as a log: it may be empty. One that `is_optional`, because the caller has not named it as a result, may be
    missing or have no place at the target.
    """

    name: str
    work_name: str
    kind: ArtifactKind = ArtifactKind.FILE
    promised_s: float | None = None
    is_media: bool = True
    is_copy: bool = False
    entry: str | None = None
    is_side: bool = False
    is_optional: bool = False


def duplicate_output(name: str) -> InvalidJob:
    """The error of two outputs with one name."""
    return InvalidJob(
        f'Two outputs have the name "{name[:128]}".',
        code="duplicate_output",
        hint="Give each output a name of its own.",
        where={"output": name[:128]},
    )
