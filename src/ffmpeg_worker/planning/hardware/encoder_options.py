"""Turn the settings of a software encoder into options of NVENC."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.command.encoders import NvencMapping
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import VideoSettings

# Default GOP length of x264 and x265. The default of SVT-AV1 is five seconds, whatever the frame rate.
_DEFAULT_GOP = "250"
_DEFAULT_LOOKAHEAD = 20
_MAX_LOOKAHEAD = 32
_MAX_B_FRAMES = 4
# The names of H.264 levels that h264_nvenc knows.
_H264_LEVELS = frozenset(
    "1 1.0 1b 1.1 1.2 1.3 2 2.0 2.1 2.2 3 3.0 3.1 3.2 4 4.0 4.1 4.2 5 5.0 5.1 5.2 6.0 6.1 6.2".split()
)


def map_encoder_options(settings: VideoSettings, mapping: NvencMapping, *, two_passes: bool) -> tuple[Option, ...]:
    """The options of the NVENC encoder that replaces `settings.software`, `-c:v` first, without the pixel format.

    `two_passes` says whether a first pass was dropped before this command.

    Raises:
        NotMapped: a setting has no NVENC equivalent.
    """
    return (
        Option("-c:v", mapping.encoder),
        *_map_preset_and_tune(settings, mapping),
        *_map_profile_and_level(settings, mapping),
        *_map_rate(settings, mapping, two_passes=two_passes),
        *_map_gop(settings),
        *_map_frame_options(settings),
    )


def _map_preset_and_tune(settings: VideoSettings, mapping: NvencMapping) -> Iterator[Option]:
    speed_option = settings.software.speed_option
    speed = settings.value(speed_option)
    for other in {"preset", "cpu-used"} - {speed_option}:
        if settings.value(other):
            raise NotMapped(f"{settings.software.name} has no option -{other}.")
    preset = mapping.default_preset if speed is None else mapping.presets.get(speed)
    if preset is None:
        raise NotMapped(f'"-{speed_option} {str(speed)[:32]}" has no NVENC equivalent.')
    yield Option("-preset:v", preset)
    tune = settings.value("tune")
    if tune == "zerolatency" and settings.software.name in {"libx264", "libx265"}:
        yield from (Option("-tune:v", "ull"), Option("-zerolatency:v", "1"))
    elif tune is None:
        yield Option("-tune:v", "hq")
    else:
        raise NotMapped(f'"-tune {tune[:32]}" has no NVENC equivalent.')


def _map_profile_and_level(settings: VideoSettings, mapping: NvencMapping) -> Iterator[Option]:
    profile, level = settings.value("profile"), settings.value("level")
    if profile is not None and profile not in mapping.profiles:
        raise NotMapped(f'"-profile:v {profile[:32]}" has no NVENC equivalent.')
    if profile is not None and mapping.encoder != "av1_nvenc":
        yield Option("-profile:v", profile)
    if level is not None:
        dotted = f"{level[0]}.{level[1]}" if re.fullmatch(r"[1-6]\d", level) else level
        if mapping.encoder != "h264_nvenc" or dotted not in _H264_LEVELS:
            raise NotMapped(f'"-level {level[:32]}" has no NVENC equivalent.')
        yield Option("-level:v", dotted)


def _map_rate(settings: VideoSettings, mapping: NvencMapping, *, two_passes: bool) -> Iterator[Option]:
    rates = {stream: rate for stream, rate in settings.values.get("b", {}).items() if rate not in {"0", "0k"}}
    qualities = settings.values.get("crf", {})
    if rates and qualities:
        raise NotMapped("The command asks for both a bitrate and a quality.")
    if two_passes and not rates:
        raise NotMapped("Two passes need a bitrate.")
    if rates and "v" not in rates and len(rates) != _count_mapped_videos(settings):
        raise NotMapped("Some video streams may have no bitrate.")
    yield Option("-rc:v", "vbr")
    if rates:
        yield from _each("b", rates)
    else:
        crfs = {"v": f"{mapping.default_crf:g}", **qualities}
        yield from _each("cq", {stream: _map_quality(crf, mapping) for stream, crf in crfs.items()})
        yield Option("-b:v", "0")  # otherwise NVENC's default of 2 Mbit/s limits the quality
    ceilings, buffers = settings.values.get("maxrate", {}), settings.values.get("bufsize", {})
    if ceilings.keys() != buffers.keys():
        raise NotMapped('"-maxrate" and "-bufsize" must be given together: software encoders ignore one alone.')
    yield from _each("maxrate", ceilings)
    yield from _each("bufsize", buffers)
    if two_passes:
        yield Option("-multipass:v", "fullres")


def _count_mapped_videos(settings: VideoSettings) -> int:
    maps = [option.value or "" for option in settings.kept if option.name == "map"]
    return sum(not re.search(r":[asd](?::|$)", one) for one in maps)


def _map_quality(crf: str, mapping: NvencMapping) -> str:
    """`-cq` for a `-crf`: both scales count quantizers. docs/gpu.md says how far they agree."""
    try:
        number = float(crf)
    except ValueError:
        raise NotMapped("The value of -crf is not a number.") from None
    # 0 means lossless to software encoders and automatic to NVENC.
    if not 1 <= number <= mapping.max_crf:
        raise NotMapped(f'"-crf {crf[:32]}" has no NVENC equivalent.')
    return f"{number:g}"


def _each(name: str, values: dict[str, str]) -> Iterator[Option]:
    return (Option(f"-{name}:{stream}", value) for stream, value in values.items())


def _map_gop(settings: VideoSettings) -> Iterator[Option]:
    length = settings.value("g") or _DEFAULT_GOP
    min_length = settings.value("keyint_min")
    scene_cuts = settings.value("sc_threshold")
    if not _is_whole_number(length) or (min_length is not None and not _is_whole_number(min_length)):
        raise NotMapped("-g or -keyint_min is not a whole number.")
    if scene_cuts not in {None, "0", "40"}:
        raise NotMapped(f'"-sc_threshold {str(scene_cuts)[:32]}" has no NVENC equivalent.')
    is_fixed = scene_cuts == "0" or (min_length is not None and int(min_length) >= int(length))
    if min_length is not None and not is_fixed:
        raise NotMapped('"-keyint_min" below "-g" has no NVENC equivalent.')
    yield Option("-g:v", length)
    if is_fixed:
        yield Option("-no-scenecut:v", "1")
    forced = settings.values.get("force_key_frames", {})
    yield from _each("force_key_frames", forced)
    if forced:
        # x264 starts a closed GOP at each forced key frame, NVENC only with this option.
        yield Option("-forced-idr:v", "1")


def _map_frame_options(settings: VideoSettings) -> Iterator[Option]:
    b_frames, references = settings.value("bf"), settings.value("refs")
    if b_frames is None and (settings.value("profile") == "baseline" or settings.value("tune") == "zerolatency"):
        b_frames = "0"
    if b_frames is not None:
        if not _is_whole_number(b_frames):
            raise NotMapped("The value of -bf is not a whole number.")
        yield Option("-bf:v", str(min(int(b_frames), _MAX_B_FRAMES)))
    if references is not None:
        yield Option("-refs:v", references)
    lookahead = settings.value("rc-lookahead")
    if lookahead is not None and not _is_whole_number(lookahead):
        raise NotMapped("The value of -rc-lookahead is not a whole number.")
    if settings.value("tune") != "zerolatency":
        yield Option("-rc-lookahead:v", str(min(int(lookahead or _DEFAULT_LOOKAHEAD), _MAX_LOOKAHEAD)))
    if settings.value("aq-mode") != "0":
        yield Option("-spatial-aq:v", "1")


def _is_whole_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,6}", text, re.ASCII))
