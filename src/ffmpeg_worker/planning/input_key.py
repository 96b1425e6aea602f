"""Keys of files that a field of a job names."""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.file_references import without_file_prefix


def input_key(text: str, inputs: Mapping[str, object]) -> str:
    """The key for a field such as `input1`: the name of an input (bare or as a placeholder), else a path or URL.

    Raises:
        InvalidJob: an unknown placeholder, or a name no file can have.
    """
    placeholders.check_names(text, inputs)
    key = placeholders.sole_name(text) or text
    if key in inputs:
        return key
    key = without_file_prefix(key)
    if "://" not in key:
        check_name(key, what="input")
    return key
