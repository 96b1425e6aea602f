"""Options of ffprobe that a `probe` job may give: they choose what is shown, and open or write no file."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.command.flag_options import option_name
from ffmpeg_worker.errors import ForbiddenOption, InvalidJob
from ffmpeg_worker.suggestions import find_nearest

_FLAGS = frozenset(
    "show_format show_streams show_chapters show_packets show_frames show_programs show_stream_groups show_data "
    "show_error show_private_data show_program_version show_library_versions show_versions show_pixel_formats "
    "count_frames count_packets sexagesimal pretty unit prefix byte_binary_prefix find_stream_info "
    "noshow_format noshow_streams noshow_chapters".split()
)
_WITH_VALUE = frozenset(
    "show_entries select_streams read_intervals analyze_frames show_optional_fields show_data_hash "
    "analyzeduration probesize fpsprobesize max_probe_packets".split()
)
_CODE = "probe_option_refused"
# The worker sets these: it needs JSON, and reads the log itself.
_OWN_FLAGS = frozenset({"hide_banner"})
_OWN_WITH_VALUE = frozenset({"v", "loglevel", "of", "print_format", "output_format"})


def read_probe_options(tokens: Sequence[str]) -> tuple[str, ...]:
    """The options for ffprobe, without those that the worker sets itself.

    Raises:
        ForbiddenOption: an option that is not one of these.
        InvalidJob: one without its value, or a file name.
    """
    options: list[str] = []
    remaining = iter(tokens)
    for token in remaining:
        name = option_name(token) if token.startswith("-") else ""
        if name in _FLAGS:
            options.append(token)
        elif name in _WITH_VALUE | _OWN_WITH_VALUE:
            value = next(remaining, None)
            if value is None:
                raise _refused(token, f'The option "{token}" has no value.', "Put its value after it.")
            if name in _WITH_VALUE:
                options += [token, value]
        elif name not in _OWN_FLAGS:
            raise _unknown(token, name)
    return tuple(options)


def _unknown(token: str, name: str) -> InvalidJob:
    if not name:
        return _refused(
            token, '"chainCmds" of a probe holds something that is no option.', 'Name the file in "input" only.'
        )
    nearest = find_nearest(name, _FLAGS | _WITH_VALUE)
    hint = (
        f'Did you mean "-{nearest}"?'
        if nearest
        else "Options that choose what is shown are: -show_…, -select_streams."
    )
    return ForbiddenOption(
        f'The ffprobe option "{token[:64]}" is not accepted.',
        code=_CODE,
        hint=hint,
        where={"argument": token[:64]},
    )


def _refused(token: str, message: str, hint: str) -> InvalidJob:
    return InvalidJob(message, code=_CODE, hint=hint, where={"argument": token[:64]})
