"""Commands for graphics cards on machines without one: `-hwaccel auto` is left out, other hardware is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.command.filter_graph import UnreadableGraphError, read_filter_graph
from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.planning.commands.read_chain import Chain

_DEVICES = frozenset("amf d3d11va d3d12va drm dxva2 mediacodec qsv rkmpp vaapi vdpau videotoolbox".split())
# These run on the CPU too, where a driver for that is installed.
_PORTABLE_DEVICES = frozenset({"opencl", "vulkan"})
_CODECS = tuple(
    "_amf _d3d12va _mediacodec _mf _mmal _omx _qsv _rkmpp _v4l2m2m _vaapi _videotoolbox _vulkan".split()
)
_FILTERS = ("_amf", "_d3d11", "_qsv", "_rkrga", "_vaapi", "_vt")
_TRANSFERS = frozenset({"hwupload", "hwdownload", "hwmap"})
_DEVICE_OPTIONS = frozenset({"hwaccel", "init_hw_device", "hwaccel_output_format"})
_OWN_DEVICE_OPTIONS = frozenset({"vaapi_device", "qsv_device"})
_CODEC_OPTIONS = frozenset({"c", "codec", "vcodec"})
_GRAPH_OPTIONS = frozenset({"vf", "filter", "filter_complex", "lavfi"})
_OF_AUTOMATIC = frozenset({"hwaccel", "hwaccel_device", "hwaccel_output_format", "extra_hw_frames"})
_SOFTWARE = {
    "av1": "libsvtav1",
    "h264": "libx264",
    "hevc": "libx265",
    "mpeg2": "mpeg2video",
    "prores": "prores_ks",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
}
_LEFT_OUT = "The option -hwaccel auto was left out: this worker has no graphics card, so the CPU decodes."


def check_card_is_not_needed(chain: Chain) -> None:
    """Refuse commands that need a graphics card, or a system that this worker does not run on.

    Raises:
        UnsupportedFeature: with the code `hardware_unavailable`, and `where` with `command` and `argument`.
    """
    for number, read in enumerate(chain.commands):
        found = next(_find_hardware(read.line), None)
        if found is not None:
            option, name, is_input = found
            raise UnsupportedFeature(
                f'The command needs the hardware of "{name[:64]}", and this worker has no graphics card.',
                code="hardware_unavailable",
                hint=_advise(name, is_encoder=option.name in _CODEC_OPTIONS and not is_input),
                where={"command": number, "argument": option.token},
            )


def without_automatic_hwaccel(chain: Chain) -> tuple[Chain, tuple[str, ...]]:
    """The commands without `-hwaccel auto` and the options that belong to it, and a warning if there was one."""
    commands = tuple(replace(read, line=_without_automatic(read.line)) for read in chain.commands)
    if all(new.line == old.line for new, old in zip(commands, chain.commands, strict=True)):
        return chain, ()
    return replace(chain, commands=commands), (_LEFT_OUT,)


def _without_automatic(line: CommandLine) -> CommandLine:
    return replace(line, groups=tuple(_plain(group) if _is_automatic(group) else group for group in line.groups))


def _is_automatic(group: FileGroup) -> bool:
    return group.is_input and group.value_of("hwaccel") == "auto"


def _plain(group: FileGroup) -> FileGroup:
    return replace(group, options=tuple(option for option in group.options if option.name not in _OF_AUTOMATIC))


def _find_hardware(line: CommandLine) -> Iterator[tuple[Option, str, bool]]:
    """Options that need a card, what they name, and whether they belong to an input."""
    devices = [option.value or "" for option in line.options() if option.name in _DEVICE_OPTIONS]
    is_portable = any(_kind(device) in _PORTABLE_DEVICES for device in devices)
    for group in line.groups:
        for option in group.options:
            name = _name_hardware(option, is_portable=is_portable)
            if name is not None:
                yield option, name, group.is_input


def _name_hardware(option: Option, *, is_portable: bool) -> str | None:
    """What an option names that needs a card; `is_portable` says that the command has a device for the CPU."""
    value = option.value or ""
    if option.name in _DEVICE_OPTIONS:
        return value if _kind(value) in _DEVICES else None
    if option.name in _OWN_DEVICE_OPTIONS:
        return option.name
    if option.name in _CODEC_OPTIONS:
        return value if value.endswith(_CODECS) else None
    if option.name in _GRAPH_OPTIONS:
        return next((name for name in _filters(value) if _needs_card(name, is_portable=is_portable)), None)
    return None


def _kind(device: str) -> str:
    """`vaapi=va:/dev/dri/renderD128` → `vaapi`."""
    return device.partition("=")[0].partition(":")[0].partition("@")[0]


def _needs_card(name: str, *, is_portable: bool) -> bool:
    return name.endswith(_FILTERS) or (name in _TRANSFERS and not is_portable)


def _filters(graph: str) -> Iterator[str]:
    try:
        for one in read_filter_graph(graph):
            yield one.name
    except UnreadableGraphError:
        return  # FFmpeg will say what is wrong with it


def _advise(name: str, *, is_encoder: bool) -> str:
    if not is_encoder:
        return "Leave out hardware devices, decoders and filters: the CPU decodes and filters everything."
    software = _SOFTWARE.get(name.partition("_")[0])
    return f"Use {software} instead." if software else "Use a software encoder, such as libx264."
