"""Preset `trim`: a part of a video or sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    audio_options,
    container_options,
    copies_video,
    is_audio_name,
    kept_audio,
    video_options,
)
from ffmpeg_worker.planning.presets.parameter_types import (
    Crf,
    Length,
    Seconds,
    crf_field,
    duration_field,
    start_field,
)
from ffmpeg_worker.planning.presets.parts import MEDIA, make_even, map_kept, read_input
from ffmpeg_worker.planning.presets.preset import Command, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.validation_errors import wrong_value

_SMART_CODECS = frozenset({"h264", "hevc"})


class TrimParameters(PresetParameters):
    """Parameters of `trim`."""

    start: Seconds = start_field()
    end: Length | None = Field(
        None, description="Second of the input at which the part ends. Excludes `duration`.", examples=[12]
    )
    duration: Length | None = duration_field()
    mode: Literal["exact", "smart", "copy"] = Field(
        "exact",
        description="`exact` encodes again and begins and ends at the very frame. `smart` does so too, but copies "
        "the frames of H.264 and HEVC and encodes only those at the cuts. `copy` is fast and without "
        "loss, and begins at the key frame before `start`.",
        examples=["exact"],
    )
    crf: Crf | None = crf_field()

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.end is not None and self.duration is not None:
            raise wrong_value('has both "end" and "duration"', "Keep one of them.")
        if self.end is not None and self.end <= self.start:
            raise wrong_value('has an "end" that is not after "start"', "Give a later end.")
        return self

    @property
    def length(self) -> float | None:
        """The length of the part; `None` for the rest of the input."""
        return self.end - self.start if self.end is not None else self.duration


def _build(wanted: TrimParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    part = read_input(source, wanted.start, wanted.length)
    if wanted.mode == "copy":
        streams = (
            ("-map", "0:v?", "-map", "0:a?", "-map", "0:s?") if not is_audio_name(output) else ("-map", "0:a")
        )
        command = (*part, *streams, "-c", "copy", "-avoid_negative_ts", "make_zero")
        return _made(command, output)
    has_video = source.has_video and not is_audio_name(output)
    is_smart = wanted.mode == "smart" and has_video
    video = _smart_video(source, output, wanted.crf) if is_smart else _encode_video(source, output, wanted.crf)
    sound = kept_audio(output, source) if is_smart else audio_options(output)
    command = (
        *part,
        *(map_kept(source) if has_video else ("-map", "0:a:0")),
        *(video if has_video else ()),
        *(sound if source.has_audio else ()),
    )
    return _made(command, output, smart_cut=is_smart and bool(wanted.start or wanted.length))


def _made(command: Command, output: str, *, smart_cut: bool = False) -> PresetChain:
    return PresetChain(((*command, *container_options(output), output),), (output,), smart_cut=smart_cut)


def _smart_video(source: PresetInput, output: str, crf: int | None) -> Command:
    """Options of a part whose frames are copied where they can be."""
    if source.codec("video") not in _SMART_CODECS or not copies_video(output, source):
        return _encode_video(source, output, crf)
    return ("-c:v", "copy", *(("-crf", str(crf)) if crf is not None else ()))


def _encode_video(source: PresetInput, output: str, crf: int | None) -> Command:
    filters = make_even(source)
    return (*(("-vf", ",".join(filters)) if filters else ()), *video_options(output, crf))


TRIM = Preset(
    name="trim",
    summary="Cut a part out of a video or sound.",
    parameters=TrimParameters,
    slots=MEDIA,
    output="trimmed",
    suffixes=MEDIA_SUFFIXES,
    build=_build,
    example={"start": 2.5, "end": 6.5},
)
