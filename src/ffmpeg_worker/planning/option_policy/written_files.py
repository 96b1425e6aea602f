"""Options that write files, by the rules of the policy."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.command.filter_graph import Filter
from ffmpeg_worker.planning.option_policy.filters import FILTER_OPTIONS
from ffmpeg_worker.planning.option_policy.media_options import MEDIA_OPTIONS
from ffmpeg_worker.planning.option_policy.option_table import option_table
from ffmpeg_worker.planning.option_policy.program_options import PROGRAM_OPTIONS
from ffmpeg_worker.planning.option_policy.rule import ValueKind

PLAYLIST_OPTIONS = frozenset(
    "hls_segment_filename hls_fmp4_init_filename hls_subtitle_path master_pl_name hls_master_name init_seg_name "
    "media_seg_name single_file_name".split()
)
"""They name files that belong to a playlist and are found with it."""
PASS_LOG_OPTIONS = frozenset({"passlogfile", "x265-stats"})
"""They name, or begin the names of, logs that the first pass of an encoder leaves for the second."""
WRITING_OPTIONS = (
    frozenset(
        name for rule in (*PROGRAM_OPTIONS, *MEDIA_OPTIONS) if rule.kind is ValueKind.WRITE for name in rule.names
    )
    - PLAYLIST_OPTIONS
    - PASS_LOG_OPTIONS
)
"""Other options that name a file to write beside the outputs."""
_FILTER_OPTIONS = frozenset(name for rule in FILTER_OPTIONS if rule.kind is ValueKind.WRITE for name in rule.names)
_WRITING_FILTERS = frozenset(name.partition(".")[0] for name in _FILTER_OPTIONS)
_DEFAULT_NAMES = {"vidstabdetect": ("result", "transforms.trf")}


def find_written_files(found: Filter) -> Iterator[str]:
    """Names of files that a filter writes, as its options name them; `-` is standard output.

    Which option a later value without a name belongs to is uncertain: if it looks like the name of a file, it is
    taken for one, and the file may not exist.
    """
    if found.name not in _WRITING_FILTERS:
        return
    default = _DEFAULT_NAMES.get(found.name)
    names = option_table().options_of(found.name)
    for position, (key, value) in enumerate(found.options):
        option = names[0].rstrip("$") if key is None and position == 0 else key
        if default is not None and option == default[0]:
            default = None
        if f"{found.name}.{option}" in _FILTER_OPTIONS or (option is None and _looks_like_file(value)):
            yield value
    if default is not None:
        yield default[1]


def _looks_like_file(value: str) -> bool:
    stem, dot, extension = value.rpartition(".")
    return bool(stem and dot) and extension.isalnum() and not extension.isdecimal()
