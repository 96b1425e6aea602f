"""Preset `sprite`: small pictures of a video in one file, with a WebVTT track that says which is shown when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import quote

from pydantic import Field

from ffmpeg_worker.budgets import MAX_TILES
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.placed_files import TextFile
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Length, TileWidth, width_field
from ffmpeg_worker.planning.presets.parts import VIDEO, map_video
from ffmpeg_worker.planning.presets.pictures import PICTURE_SUFFIXES, SHRINK_FLAGS, picture_options
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import scaled_even

_DEFAULT_TILES = 100
_LEAST_INTERVAL_S = 1.0
_MAX_PIXELS = 16_384


class SpriteParameters(PresetParameters):
    """Parameters of `sprite`."""

    interval: Length | None = Field(
        None,
        ge=0.1,
        description="Seconds between the pictures. Default: a hundredth of the video, at least 1.",
        examples=[5],
    )
    columns: int = Field(10, ge=1, le=50, description="Pictures in a row.", examples=[10])
    tile_width: TileWidth = width_field(160, "Width of one picture in pixels; the height follows.")


def _build(wanted: SpriteParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    seconds = source.video_seconds
    interval = _choose_interval(wanted.interval, seconds)
    count = max(1, math.ceil(round(seconds / float(interval), 6)))
    width, height = scaled_even(source.size, wanted.tile_width, None)
    columns = min(wanted.columns, count)
    rows = math.ceil(count / columns)
    if count > MAX_TILES or columns * width > _MAX_PIXELS or rows * height > _MAX_PIXELS:
        raise InvalidJob(
            f"The sprite would have {count} pictures; it may have {MAX_TILES}, "
            f"and {_MAX_PIXELS} pixels on each side.",
            code="invalid_value",
            hint='Raise "interval", or lower "tile_width".',
            where={"field": "interval"},
        )
    # Rounded up, picture k is the frame that is shown at k times the interval. The last one is repeated, so that
    # the sheet is full where the file states a length that its frames do not reach.
    frames = f"setpts=PTS-STARTPTS,fps=fps={plain(1 / interval)}:round=up:start_time=0"
    filled = f"tpad=stop_mode=clone:stop={columns * rows},tile={columns}x{rows}:nb_frames={count}"
    command = (
        *("-i", source.placeholder, "-map", map_video(source), "-frames:v", "1"),
        *("-vf", f"{frames},scale={width}:{height}:{SHRINK_FLAGS},setsar=1,{filled}"),
        *picture_options(output),
        output,
    )
    track = str(PurePosixPath(output).with_suffix(".vtt"))
    cues = _write_cues(PurePosixPath(output).name, seconds, float(interval), (columns, width, height), count)
    return PresetChain((command,), (output, track), texts=(TextFile(track, cues),))


def _choose_interval(wanted: float | None, seconds: float) -> Fraction:
    interval = wanted if wanted is not None else max(_LEAST_INTERVAL_S, seconds / _DEFAULT_TILES)
    return Fraction(interval).limit_denominator(1000)


def _write_cues(name: str, seconds: float, interval: float, grid: tuple[int, int, int], count: int) -> str:
    columns, width, height = grid
    lines = ["WEBVTT", ""]
    for number in range(count):
        end = seconds if number == count - 1 else (number + 1) * interval
        x, y = number % columns * width, number // columns * height
        lines += [
            f"{_clock(number * interval)} --> {_clock(end)}",
            f"{quote(name)}#xywh={x},{y},{width},{height}",
            "",
        ]
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    total = round(seconds * 1000)
    hours, rest = divmod(total, 3_600_000)
    minutes, milliseconds = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


SPRITE = Preset(
    name="sprite",
    summary="Put small pictures of a video into one file, with a WebVTT track for the preview of players.",
    parameters=SpriteParameters,
    slots=VIDEO,
    output="sprite.jpg",
    suffixes=PICTURE_SUFFIXES,
    build=_build,
    example={"interval": 2, "tile_width": 160},
    writes="A WebVTT track of the same name with `.vtt`.",
)
