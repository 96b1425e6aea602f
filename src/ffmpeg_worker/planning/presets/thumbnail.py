"""Preset `thumbnail`: one frame of a video as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Seconds, Side, height_field, width_field
from ffmpeg_worker.planning.presets.parts import VIDEO, check_time, map_video
from ffmpeg_worker.planning.presets.pictures import PICTURE_SUFFIXES, SCALE_FLAGS, picture_options
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import scaled

_DEFAULT_SHARE = 0.1
_ROUNDING_S = 0.001


class ThumbnailParameters(PresetParameters):
    """Parameters of `thumbnail`."""

    time: Seconds | None = Field(
        None,
        description="Second of the frame: the picture that a player shows at this time. Default: after a tenth of "
        "the video.",
        examples=[3.5],
    )
    width: Side | None = width_field(
        None, "Width in pixels. Default: that of the video, or as the height requires."
    )
    height: Side | None = height_field(
        None, "Height in pixels. Default: that of the video, or as the width requires."
    )


def _build(wanted: ThumbnailParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    if wanted.time is not None:
        check_time(source, wanted.time, "time")
    time = wanted.time if wanted.time is not None else (source.media.duration_s or 0.0) * _DEFAULT_SHARE
    # FFmpeg takes the first frame at or after a time, and a player shows the one that began before it.
    seek = max(0.0, time - float(1 / source.rate) + _ROUNDING_S + source.video_delay)
    width, height = scaled(source.size, wanted.width, wanted.height)
    command = (
        *(("-ss", plain(seek)) if seek else ()),
        *("-i", source.placeholder, "-map", map_video(source), "-frames:v", "1"),
        *("-vf", f"scale={width}:{height}:{SCALE_FLAGS},setsar=1"),
        *picture_options(output),
        output,
    )
    return PresetChain((command,), (output,))


THUMBNAIL = Preset(
    name="thumbnail",
    summary="Take one frame of a video as a picture.",
    parameters=ThumbnailParameters,
    slots=VIDEO,
    output="thumbnail.jpg",
    suffixes=PICTURE_SUFFIXES,
    build=_build,
    example={"time": 3.5, "width": 640},
)
