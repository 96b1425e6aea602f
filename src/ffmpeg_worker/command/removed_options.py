"""Options that FFmpeg no longer has, and what replaces them.

Source: the change logs of FFmpeg 0.9 to 9.0. Those with an exact successor are renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.errors import InvalidJob

# The old name: the new one, and its value as a format of the old value.
_RENAMED = {
    "absf": ("-bsf:a", "{}"),
    "vbsf": ("-bsf:v", "{}"),
    "sbsf": ("-bsf:s", "{}"),
    "cqp": ("-qp", "{}"),
    "vlang": ("-metadata:s:v", "language={}"),
    "alang": ("-metadata:s:a", "language={}"),
    "slang": ("-metadata:s:s", "language={}"),
    "hls_ts_options": ("-hls_segment_options", "{}"),
    "use_localtime": ("-strftime", "{}"),
    "use_localtime_mkdir": ("-strftime_mkdir", "{}"),
    **{tag: ("-metadata", tag + "={}") for tag in "author comment album copyright year track".split()},
}
_FRAME_MODES = MappingProxyType(
    {
        "-1": "auto",
        "0": "passthrough",
        "1": "cfr",
        "2": "vfr",
        **{mode: mode for mode in ("auto", "passthrough", "cfr", "vfr")},
    }
)
_CROP, _PAD = "Use the filter: -vf crop=w:h:x:y.", "Use the filter: -vf pad=w:h:x:y."
_SIDES = ("top", "bottom", "left", "right")
INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "vsync": "Use -fps_mode with passthrough, cfr, vfr or auto.",
        "deinterlace": "Use the filter: -vf yadif.",
        "sameq": "It never meant the same quality. Use -crf 18 with libx264, or -q:v 2 with mpeg4.",
        "same_quant": "It never meant the same quality. Use -crf 18 with libx264, or -q:v 2 with mpeg4.",
        "map_channel": "Use the filter pan or channelsplit: -map_channel 0.1.0 is -map 0:1 -af 'pan=mono|c0=c0'.",
        "vol": "Use the filter: -af volume=0.5; 256 was a volume of 1.",
        "adrift_threshold": "Use the filter: -af aresample=async=1:min_hard_comp=0.1.",
        "intra": "Use -g 1.",
        "newvideo": "Choose the streams of each output with -map.",
        "newaudio": "Choose the streams of each output with -map.",
        "newsubtitle": "Choose the streams of each output with -map.",
        "map_meta_data": "Use -map_metadata, with the number of the input.",
        "loop_input": "Use -loop 1 before the picture, or -stream_loop -1 before a film.",
        "loop_output": "Use -loop.",
        "me_method": "Use -motion-est, or -x264-params me=…",
        "psy_rd": "Use -psy-rd.",
        "er": "Use -err_detect.",
        "error_resilience": "Use -err_detect.",
        "request_channels": "Use -ac, or -af aformat=channel_layouts=….",
        "resample_rate": "Use -ar.",
        "rotate": "Use the filter -vf transpose=1, or -display_rotation 90 before the input.",
        "hls_wrap": "Use -hls_list_size with -hls_flags delete_segments.",
        "vismv": "Use -flags2 +export_mvs with the filter codecview.",
        "psnr": "Use -flags +psnr.",
        "qphist": "Leave it out.",
        "gray": "Use -vf format=gray.",
        "mv4": "Use -flags +mv4.",
        "4mv": "Use -flags +mv4.",
        "hq": "Use -mbd rd.",
        "vc": "Give the media as an input.",
        "tvstd": "Give the media as an input.",
        **{f"crop{side}": _CROP for side in _SIDES},
        **{f"pad{side}": _PAD for side in (*_SIDES, "color")},
    }
)
"""What to use instead of a removed option that has no exact successor."""


def replace_removed_options(line: CommandLine) -> tuple[CommandLine, tuple[str, ...]]:
    """The command with the successors of removed options, and a sentence for each of them.

    Raises:
        InvalidJob: a removed option has no exact successor; with `where.argument`.
    """
    removed = {option.name for option in line.options()} & {*_RENAMED, *INSTEAD}
    if not removed:
        return line, ()
    notes: list[str] = []
    line, mode = _take_frame_mode(line)
    groups = tuple(replace(group, options=_rename(group.options, notes)) for group in line.groups)
    if mode is not None:
        notes.append(_note("-vsync", "-fps_mode"))
        groups = tuple(group if group.is_input else _with_frame_mode(group, mode) for group in groups)
    return CommandLine(groups, _rename(line.trailing, notes)), tuple(dict.fromkeys(notes))


def _take_frame_mode(line: CommandLine) -> tuple[CommandLine, str | None]:
    """The command without `-vsync`, and its last mode: that option belonged to all outputs."""
    given = [option for option in line.options() if option.name == "vsync"]
    if not given:
        return line, None
    mode = _FRAME_MODES.get(given[-1].value or "")
    if mode is None:
        raise _removed(given[-1])
    groups = tuple(replace(group, options=_without_vsync(group.options)) for group in line.groups)
    return CommandLine(groups, _without_vsync(line.trailing)), mode


def _without_vsync(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(option for option in options if option.name != "vsync")


def _with_frame_mode(group: FileGroup, mode: str) -> FileGroup:
    if group.has("fps_mode"):
        return group
    return replace(group, options=(Option("-fps_mode", mode), *group.options))


def _rename(options: tuple[Option, ...], notes: list[str]) -> tuple[Option, ...]:
    renamed: list[Option] = []
    for option in options:
        if option.name in INSTEAD:
            raise _removed(option)
        token, value = _RENAMED.get(option.name, ("", ""))
        if token:
            notes.append(_note(option.token, token))
        renamed.append(Option(token, value.format(option.value)) if token else option)
    return tuple(renamed)


def _note(old: str, new: str) -> str:
    return f'FFmpeg no longer has the option "{old[:64]}"; "{new}" was used instead.'


def _removed(option: Option) -> InvalidJob:
    return InvalidJob(
        f'FFmpeg no longer has the option "{option.token[:64]}".',
        code="option_unknown",
        hint=INSTEAD[option.name],
        where={"argument": option.token[:64]},
    )
