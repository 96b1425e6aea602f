"""One command: software encoders of its video replaced by those of the card, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.counterparts import COUNTERPARTS
from ffmpeg_worker.planning.hardware.encoder_options import map_encoder_options
from ffmpeg_worker.planning.hardware.explicit_hardware import find_named_hardware
from ffmpeg_worker.planning.hardware.gpu_graph import GPU_DECODING_OPTIONS, find_gpu_stream, map_filters
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.pixel_format import find_pixel_format
from ffmpeg_worker.planning.hardware.video_settings import VideoSettings, read_settings, software_encoder


@dataclass(frozen=True, slots=True)
class _Output:
    """An output whose video is to be encoded on the card, read."""

    group: FileGroup
    settings: VideoSettings
    encoder: tuple[Option, ...]
    pixel_format: str


def map_command(
    line: CommandLine,
    media: Sequence[MediaInfo | None],
    gpu: Gpu,
    *,
    may_scale: bool = False,
    two_passes: bool = False,
) -> CommandLine | None:
    """Map all video that a command encodes, or nothing of it.

    Args:
        line: the command.
        media: what each of its inputs holds, as far as it is known.
        gpu: what the card can do.
        may_scale: whether pictures may be scaled on the card, which does not give the processor's pictures.
        two_passes: whether a first pass was left out in front of it.

    Returns:
        The command with the same inputs, outputs and streams; `None` when it encodes no video that has a
        counterpart.

    Raises:
        NotMapped: it does, and one of them cannot be mapped with certainty.
    """
    if find_named_hardware([token for option in line.options() for token in option.tokens()]):
        raise NotMapped("The command names hardware itself.")
    outputs = {
        place: _read_output(line, group, software, media, gpu, two_passes=two_passes)
        for place, group in enumerate(line.groups)
        if not group.is_input and (software := software_encoder(group)) in COUNTERPARTS
    }
    if not outputs:
        return None
    graphs = _graphs_on_card(line, media, gpu, outputs, may_scale=may_scale)
    groups = [
        _write_output(outputs[place], graphs.get(place)) if place in outputs else group
        for place, group in enumerate(line.groups)
    ]
    if graphs:
        groups = [replace(g, options=(*g.options, *GPU_DECODING_OPTIONS)) if g.is_input else g for g in groups]
    return replace(line, groups=tuple(groups))


def _read_output(
    line: CommandLine,
    group: FileGroup,
    software: str | None,
    media: Sequence[MediaInfo | None],
    gpu: Gpu,
    *,
    two_passes: bool,
) -> _Output:
    counterpart = COUNTERPARTS[software or ""]
    if counterpart.encoder not in gpu.encoders:
        raise NotMapped(gpu.reason or f"The card here has no {counterpart.encoder}.")
    settings = read_settings(group, software or "")
    if settings.value("pass") is not None and not two_passes:
        raise NotMapped("The passes are not the two of one chain, with the same inputs.")
    pixel_format = find_pixel_format(line, group, media, settings.value("pix_fmt"))
    if pixel_format not in counterpart.pixel_formats:
        raise NotMapped(f'{counterpart.encoder} gets no pictures in "{pixel_format[:32]}" here.')
    encoder = map_encoder_options(settings, two_passes=two_passes)
    return _Output(group, settings, encoder, pixel_format)


def _graphs_on_card(
    line: CommandLine, media: Sequence[MediaInfo | None], gpu: Gpu, outputs: dict[int, _Output], *, may_scale: bool
) -> dict[int, str]:
    """The graph of each output where all of the command can stay on the card; empty where it cannot."""
    stream: StreamInfo | None = find_gpu_stream(line, media, gpu.decoders)
    if stream is None:
        return {}
    if any(not g.is_input and not g.has("vn") for place, g in enumerate(line.groups) if place not in outputs):
        return {}
    try:
        return {
            place: map_filters(output.group, stream, output.pixel_format, may_scale=may_scale)
            for place, output in outputs.items()
        }
    except NotMapped:
        return {}  # encoding on the card is still worth it


def _write_output(output: _Output, graph: str | None) -> FileGroup:
    """`graph` is `None` where pictures come from the processor."""
    settings, kept = output.settings, output.settings.kept
    software = COUNTERPARTS[settings.software]
    pixel_format = (Option("-pix_fmt:v", software.pixel_formats[output.pixel_format]),) if graph is None else ()
    options = [*kept[: settings.place], *output.encoder, *pixel_format, *kept[settings.place :]]
    if graph is not None:
        options = [replace(one, value=graph) if one.token in {"-vf", "-filter:v"} else one for one in options]
        options = [one for one in options if one.token not in {"-vf", "-filter:v"} or one.value]
    return replace(output.group, options=tuple(options))
