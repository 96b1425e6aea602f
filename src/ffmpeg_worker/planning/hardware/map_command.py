"""Map one command onto the GPU: replace the software encoders of its video by NVENC, or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.command.encoders import ENCODERS, Encoder, NvencMapping
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.hardware.encoder_options import map_encoder_options
from ffmpeg_worker.planning.hardware.explicit_hardware import find_named_hardware
from ffmpeg_worker.planning.hardware.gpu_graph import GPU_DECODING_OPTIONS, find_gpu_stream, map_filters
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.pixel_format import find_pixel_format
from ffmpeg_worker.planning.hardware.video_settings import VideoSettings, find_software_encoder, read_settings


@dataclass(frozen=True, slots=True)
class _MappedOutput:
    """An output whose video NVENC encodes, with the options of the new encoder."""

    group: FileGroup
    settings: VideoSettings
    mapping: NvencMapping
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
    """Map all video that a command encodes, or none of it.

    `media` is that of each input, `None` where it is not known. `may_scale` says whether the GPU may scale,
    although its frames differ from those of the CPU; `two_passes`, whether a first pass was dropped before.

    Returns:
        The command with the same inputs, outputs and streams; `None` if no output uses an encoder that can be
        replaced.

    Raises:
        NotMapped: an output uses such an encoder, but the result might not mean the same.
    """
    if find_named_hardware([token for option in line.options() for token in option.tokens()]):
        raise NotMapped("The command names hardware itself.")
    outputs: dict[int, _MappedOutput] = {}
    for index, group in enumerate(line.groups):
        software = None if group.is_input else ENCODERS.get(find_software_encoder(group) or "")
        if software is not None and software.nvenc is not None:
            outputs[index] = _map_output(line, group, software, software.nvenc, media, gpu, two_passes=two_passes)
    if not outputs:
        return None
    graphs = _map_graphs(line, media, gpu, outputs, may_scale=may_scale)
    groups = [
        _write_output(outputs[index], graphs.get(index)) if index in outputs else group
        for index, group in enumerate(line.groups)
    ]
    if graphs:
        groups = [replace(g, options=(*g.options, *GPU_DECODING_OPTIONS)) if g.is_input else g for g in groups]
    return replace(line, groups=tuple(groups))


def _map_output(
    line: CommandLine,
    group: FileGroup,
    software: Encoder,
    mapping: NvencMapping,
    media: Sequence[MediaInfo | None],
    gpu: Gpu,
    *,
    two_passes: bool,
) -> _MappedOutput:
    if mapping.encoder not in gpu.encoders:
        raise NotMapped(gpu.reason or f"The GPU has no {mapping.encoder}.")
    settings = read_settings(group, software)
    if settings.value("pass") is not None and not two_passes:
        raise NotMapped("The passes are not the two of one chain, with the same inputs.")
    pixel_format = find_pixel_format(line, group, media, settings.value("pix_fmt"))
    if pixel_format not in mapping.pixel_formats:
        raise NotMapped(f'The pixel format "{pixel_format[:32]}" is not mapped for {mapping.encoder}.')
    encoder = map_encoder_options(settings, mapping, two_passes=two_passes)
    return _MappedOutput(group, settings, mapping, encoder, pixel_format)


def _map_graphs(
    line: CommandLine,
    media: Sequence[MediaInfo | None],
    gpu: Gpu,
    outputs: dict[int, _MappedOutput],
    *,
    may_scale: bool,
) -> dict[int, str]:
    """The GPU filter graph of each output; empty where frames must be decoded or filtered by the CPU."""
    stream = find_gpu_stream(line, media, gpu.decoders)
    others = (group for index, group in enumerate(line.groups) if index not in outputs)
    if stream is None or any(not group.is_input and not group.has("vn") for group in others):
        return {}
    try:
        return {
            index: map_filters(output.group, stream, output.pixel_format, may_scale=may_scale)
            for index, output in outputs.items()
        }
    except NotMapped:
        return {}  # the GPU still encodes


def _write_output(output: _MappedOutput, graph: str | None) -> FileGroup:
    """The output with its new options; `graph` is `None` where the CPU decodes and filters."""
    settings, kept = output.settings, output.settings.kept
    pixel_format = output.mapping.pixel_formats[output.pixel_format]
    pixel_option = (Option("-pix_fmt:v", pixel_format),) if graph is None else ()
    options = [*kept[: settings.index], *output.encoder, *pixel_option, *kept[settings.index :]]
    if graph is not None:
        options = [replace(one, value=graph) if one.token in {"-vf", "-filter:v"} else one for one in options]
        options = [one for one in options if one.token not in {"-vf", "-filter:v"} or one.value]
    return replace(output.group, options=tuple(options))
