"""Find the pixel format that reaches the encoder of an output."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup
from ffmpeg_worker.command.filter_graph import Filter, UnreadableGraphError, read_filter_graph
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

# Filters that pass yuv420p on unchanged where the encoder accepts it.
_KEEP_PIXEL_FORMAT = frozenset(
    "scale crop pad fps setsar setdar setpts settb trim hflip vflip transpose yadif bwdif drawtext subtitles ass "
    "fade unsharp hqdn3d null".split()
)
_COMPLEX = ("filter_complex", "lavfi", "filter_complex_script")


def find_pixel_format(
    line: CommandLine, group: FileGroup, media: Sequence[MediaInfo | None], option: str | None
) -> str:
    """The pixel format in which the software encoder of the output `group` gets its frames.

    `media` is that of each input, `None` where it is not known; `option` is the value of `-pix_fmt`.

    Raises:
        NotMapped: the pixel format is not known; NVENC might then choose another one than the software encoder.
    """
    if option is not None:
        return option
    found = _format_of_last_filter(group) or _format_of_inputs(line, group, media)
    if found is None:
        raise NotMapped("The pixel format that reaches the encoder is not known: add -pix_fmt yuv420p.")
    return found


def has_filter_complex(line: CommandLine) -> bool:
    """Whether a command has a complex filter graph."""
    return any(option.name in _COMPLEX for option in line.options())


def read_video_filters(group: FileGroup) -> str | None:
    """The simple video filter graph of an output, if it has one.

    Raises:
        NotMapped: the output has several.
    """
    graphs = [option.value for option in group.options if option.token in {"-vf", "-filter:v"}]
    others = [option for option in group.options if option.name == "filter" and option.token != "-filter:v"]
    if len(graphs) > 1 or any(not option.token.startswith("-filter:a") for option in others):
        raise NotMapped("The video filters are given more than once.")
    return graphs[0] if graphs else None


def _format_of_last_filter(group: FileGroup) -> str | None:
    match _parse_filters(group)[-1:]:
        case [Filter("format", ((None | "pix_fmts", pixel_format),))] if "|" not in pixel_format:
            return pixel_format
    return None


def _format_of_inputs(line: CommandLine, group: FileGroup, media: Sequence[MediaInfo | None]) -> str | None:
    if has_filter_complex(line) or any(one.name not in _KEEP_PIXEL_FORMAT for one in _parse_filters(group)):
        return None
    formats = {
        stream.pix_fmt
        for info in media
        for stream in (info.streams if info is not None else ())
        # A cover is encoded only if the caller maps streams.
        if stream.kind == "video" and (not stream.is_cover or group.has("map"))
    }
    is_known = all(info is not None for info in media) and len(formats) == 1
    return next(iter(formats)) if is_known else None


def _parse_filters(group: FileGroup) -> list[Filter]:
    try:
        return list(read_filter_graph(read_video_filters(group) or ""))
    except UnreadableGraphError:
        raise NotMapped("The filter graph cannot be read.") from None
