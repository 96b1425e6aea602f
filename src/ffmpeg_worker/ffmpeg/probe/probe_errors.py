"""The errors of a probe: from what a child replies, and from how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from ffmpeg_worker.errors import EngineKilled, SourceError, SourceForbidden, SourceNotFound, SourceUnreadable

_NOT_MEDIA_HINT = "Check the file: it may be incomplete, or another kind of file with the name of a media file."
# By the reason of `ProbeFailed`: makes the error.
_BY_REASON: Mapping[str, Callable[[], SourceError]] = {
    "not_found": partial(SourceNotFound, "There is no such file.", hint="Check its name."),
    "permission": partial(SourceForbidden, "The file cannot be read.", hint="Check its permissions."),
    "not_a_file": partial(
        SourceForbidden, "The input is a folder.", code="source_is_folder", hint="Name a file in it."
    ),
    "empty": partial(
        SourceUnreadable, "The file is empty (0 bytes).", code="source_empty", hint="Check how it was copied."
    ),
    "incomplete": partial(
        SourceUnreadable,
        "The file was cut off: the part that describes it is missing.",
        code="source_incomplete",
        hint="Copy or upload it again, completely.",
    ),
}


def explain_reason(reason: str, path: Path) -> SourceError:
    """The error for a reason of `ProbeFailed`."""
    make_error = _BY_REASON.get(reason)
    if make_error is not None:
        return make_error()
    cause = "is not media that can be read" if reason == "not_media" else "cannot be read"
    return not_media(f"The file {cause}.", path)


def not_media(log: str, path: Path) -> SourceUnreadable:
    """The file is not media; `log` says why, and may have its path."""
    return SourceUnreadable(
        "The file has no media that FFmpeg can read.",
        code="source_not_media",
        hint=_NOT_MEDIA_HINT,
        stderr=log.replace(f"file:{path.name}", path.name).replace(str(path), path.name)[-2000:] or None,
    )


def crashed() -> SourceUnreadable:
    """The probe crashed or took too long."""
    return SourceUnreadable(
        "Reading the file crashed the probe or took too long; other jobs were not affected.",
        code="source_crashes_probe",
        hint="The file is damaged or malicious; create it again from its source.",
    )


def killed() -> EngineKilled:
    """The probe was killed from outside."""
    return EngineKilled(
        "The probe was killed from outside, usually because memory ran out.",
        hint="Try again; if it happens again, use a larger machine or fewer jobs at once.",
    )
