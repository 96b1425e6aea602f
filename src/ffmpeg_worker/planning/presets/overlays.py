"""Presets `watermark` and `picture_in_picture`: a picture or video on a video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ffmpeg_worker.planning.presets.encodings import (
    VIDEO_SUFFIXES,
    audio_options,
    container_options,
    kept_audio,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import (
    Crf,
    Place,
    Seconds,
    crf_field,
    margin_field,
    place_field,
)
from ffmpeg_worker.planning.presets.parts import make_even, map_video
from ffmpeg_worker.planning.presets.preset import (
    Command,
    InputKind,
    InputSlot,
    Preset,
    PresetChain,
    PresetParameters,
)
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import Size, even, overlay_place, scaled_even

Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Margin = Annotated[int, Field(ge=0)]
_SOUND_OF_BOTH = "amix=inputs=2:duration=first:normalize=0"


class WatermarkParameters(PresetParameters):
    """Parameters of `watermark`."""

    position: Place = place_field("bottom_right")
    margin: Margin = margin_field()
    width: Share = Field(0.15, description="Width of the mark as a part of the video's, up to 1.", examples=[0.15])
    opacity: Share = Field(1.0, description="Opacity of the mark, up to 1.", examples=[0.7])
    crf: Crf | None = crf_field()


class PictureInPictureParameters(PresetParameters):
    """Parameters of `picture_in_picture`."""

    position: Place = place_field("bottom_right")
    margin: Margin = margin_field()
    width: Share = Field(
        0.3, description="Width of the small video as a part of the large one's, up to 1.", examples=[0.3]
    )
    start: Seconds = Field(0.0, description="Second at which the small video begins.", examples=[1])
    sound: Literal["main", "inset", "both", "none"] = Field(
        "main",
        description="Whose sound is heard: that of the large video, the small one, or both.",
        examples=["both"],
    )
    crf: Crf | None = crf_field()


def _inset_size(main: PresetInput, inset: PresetInput, share: float) -> Size:
    return scaled_even(inset.size, even(main.size[0] * share), None)


def _build_watermark(wanted: WatermarkParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    main, mark = inputs
    width, height = _inset_size(main, mark, wanted.width)
    faded = f",colorchannelmixer=aa={plain(wanted.opacity)}" if wanted.opacity < 1 else ""
    graph = (
        f"[{map_video(mark, 1)}]format=rgba,scale={width}:{height}:flags=bicubic{faded}[mark];"
        f"[{map_video(main)}][mark]overlay={overlay_place(wanted.position, wanted.margin)}"
        f"{''.join(f',{one}' for one in make_even(main))}[v]"
    )
    command = (
        *("-i", main.placeholder, "-i", mark.placeholder, "-filter_complex", graph, "-map", "[v]"),
        *video_options(output, wanted.crf),
        *(("-map", "0:a:0", *kept_audio(output, main)) if main.has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _build_inset(wanted: PictureInPictureParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    main, inset = inputs
    width, height = _inset_size(main, inset, wanted.width)
    place = overlay_place(wanted.position, wanted.margin)
    whole = "".join(f",{one}" for one in make_even(main))
    graph = [
        (
            f"[{map_video(inset, 1)}]setpts=PTS+{plain(wanted.start)}/TB,"
            f"scale={width}:{height}:flags=bicubic,setsar=1[inset]"
        ),
        f"[{map_video(main)}][inset]overlay={place}:eof_action=pass{whole}[v]",
    ]
    sound, options = _mix(wanted, main, inset, output)
    command = (
        *("-i", main.placeholder, "-i", inset.placeholder),
        *("-filter_complex", ";".join((*graph, *sound)), "-map", "[v]"),
        *video_options(output, wanted.crf),
        *options,
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _mix(
    wanted: PictureInPictureParameters, main: PresetInput, inset: PresetInput, output: str
) -> tuple[tuple[str, ...], Command]:
    """The filters of the sound, and the options that take it."""
    hears_main = main.has_audio and wanted.sound in {"main", "both"}
    hears_inset = inset.has_audio and wanted.sound in {"inset", "both"}
    late = f"aresample=async=1:first_pts=0,adelay={round(wanted.start * 1000)}:all=1"
    if hears_main and hears_inset:
        graph = (f"[1:a:0]{late}[late]", f"[0:a:0][late]{_SOUND_OF_BOTH}[a]")
        return graph, ("-map", "[a]", *audio_options(output))
    if hears_inset:
        whole = f"apad,atrim=duration={plain(main.video_seconds)}"
        return (f"[1:a:0]{late},{whole}[a]",), ("-map", "[a]", *audio_options(output))
    return (), ("-map", "0:a:0", *kept_audio(output, main)) if hears_main else ()


WATERMARK = Preset(
    name="watermark",
    summary="Put a logo on a video.",
    parameters=WatermarkParameters,
    slots=(
        InputSlot("video", InputKind.VIDEO, "The video."),
        InputSlot("mark", InputKind.VIDEO, "The logo: a picture, best a PNG with transparency."),
    ),
    output="watermarked.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_watermark,
    example={"position": "top_right", "width": 0.12, "opacity": 0.8},
)
PICTURE_IN_PICTURE = Preset(
    name="picture_in_picture",
    summary="Put a small video into a corner of a large one.",
    parameters=PictureInPictureParameters,
    slots=(
        InputSlot("main", InputKind.VIDEO, "The large video, whose length the result has."),
        InputSlot("inset", InputKind.VIDEO, "The small video."),
    ),
    output="picture-in-picture.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_inset,
    example={"position": "bottom_left", "width": 0.25, "sound": "both"},
)
