"""Parts of commands that many presets share: inputs that begin later, and streams that are taken."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.encodings import (
    audio_options,
    container_options,
    is_audio_name,
    kept_audio,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.preset import Command, InputKind, InputSlot, PresetChain
from ffmpeg_worker.planning.presets.preset_input import PresetInput

VIDEO = (InputSlot("video", InputKind.VIDEO, "The video."),)
AUDIO = (InputSlot("audio", InputKind.AUDIO, "A file with sound."),)
MEDIA = (InputSlot("media", InputKind.MEDIA, "A video or a sound."),)


def read_input(source: PresetInput, start: float = 0.0, duration: float | None = None) -> Command:
    """Read an input, or a part of it.

    Raises:
        InvalidJob: the part begins after the end.
    """
    if start:
        check_time(source, start, "start")
    options = ("-ss", plain(start)) if start else ()
    return (*options, *(("-t", plain(duration)) if duration else ()), "-i", source.placeholder)


def check_time(source: PresetInput, time: float, field: str) -> None:
    """Refuse a time after the end of an input whose length is known."""
    known = source.media.duration_s
    if known is not None and time >= known:
        raise InvalidJob(
            f'"{field}" is {plain(time)}, and the input ends after {plain(round(known, 3))} seconds.',
            code="invalid_value",
            hint=f'Give a "{field}" before the end.',
            where={"field": field},
        )


def remaining(source: PresetInput, start: float, duration: float | None) -> float:
    """The length of a part of an input, in seconds."""
    rest = source.seconds - start
    return rest if duration is None else min(duration, rest)


def map_video(source: PresetInput, number: int = 0) -> str:
    """The specifier of the video of input `number`."""
    return f"{number}:v:{source.video_index}"


def map_kept(source: PresetInput) -> Command:
    """Take the picture and the first sound of the only input, as far as there are."""
    video = ("-map", f"0:v:{source.video_index}") if source.has_video else ()
    return (*video, *(("-map", "0:a:0") if source.has_audio else ()))


def make_even(source: PresetInput) -> list[str]:
    """Filters that cut off the last row or column where their number is odd, which 4:2:0 video cannot have."""
    video = source.media.video
    is_odd = video is not None and ((video.width or 0) % 2 or (video.height or 0) % 2)
    return ["crop=trunc(iw/2)*2:trunc(ih/2)*2"] if is_odd else []


def filter_video(
    source: PresetInput,
    filters: Sequence[str],
    output: str,
    *,
    crf: int | None = None,
    start: float = 0.0,
    duration: float | None = None,
) -> PresetChain:
    """Encode the picture through filters, and keep the sound."""
    whole = not start and duration is None
    sound = kept_audio(output, source) if whole else audio_options(output)
    command = (
        *read_input(source, start, duration),
        *map_kept(source),
        *("-vf", ",".join([*filters, *make_even(source)])),
        *video_options(output, crf),
        *(sound if source.has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def filter_media(
    source: PresetInput,
    output: str,
    *,
    video: Sequence[str] = (),
    audio: Sequence[str] = (),
    crf: int | None = None,
    kbps: int | None = None,
) -> Command:
    """Encode picture and sound, each through filters, as far as there are and the output takes them."""
    has_video = source.has_video and not is_audio_name(output)
    parts: list[str] = list(read_input(source))
    if has_video:
        parts += ["-map", map_video(source)]
    if source.has_audio:
        parts += ["-map", "0:a:0"]
    if has_video:
        filters = [*video, *make_even(source)]
        parts += [*(("-vf", ",".join(filters)) if filters else ()), *video_options(output, crf)]
    if source.has_audio:
        parts += [*(("-af", ",".join(audio)) if audio else ()), *audio_options(output, kbps)]
    return (*parts, *container_options(output), output)
