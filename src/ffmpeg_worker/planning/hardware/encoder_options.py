"""What NVENC is told in place of a software encoder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.planning.hardware.counterparts import COUNTERPARTS, LEVELS, Counterpart
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import VideoSettings

# Both x264 and x265: a new group of pictures at least as often. SVT-AV1 says five seconds, at any rate.
_GROUP_OF_PICTURES = "250"
_LOOKAHEAD = 20
_MOST_LOOKAHEAD = 32
_MOST_B_FRAMES = 4


def map_encoder_options(settings: VideoSettings, *, two_passes: bool) -> tuple[Option, ...]:
    """The options of the encoder that takes the place of `settings.software`, its name first.

    Args:
        settings: what the software encoder was told, without the pixel format.
        two_passes: whether a first pass of its own came before.

    Raises:
        NotMapped: a setting has no certain counterpart.
    """
    counterpart = COUNTERPARTS[settings.software]
    return (
        Option("-c:v", counterpart.encoder),
        *_speed_and_purpose(settings, counterpart),
        *_profile_and_level(settings, counterpart),
        *_rate(settings, counterpart, two_passes=two_passes),
        *_groups_of_pictures(settings),
        *_frames(settings),
    )


def _speed_and_purpose(settings: VideoSettings, counterpart: Counterpart) -> Iterator[Option]:
    speed = settings.value(counterpart.speed_option)
    other = {"preset", "cpu-used"} - {counterpart.speed_option}
    if any(settings.value(name) for name in other):
        raise NotMapped(f"{settings.software} has no such speed option.")
    preset = counterpart.speed if speed is None else counterpart.speeds.get(speed)
    if preset is None:
        raise NotMapped(f'"-{counterpart.speed_option} {str(speed)[:32]}" has no counterpart.')
    yield Option("-preset:v", preset)
    tune = settings.value("tune")
    if tune == "zerolatency" and settings.software in {"libx264", "libx265"}:
        yield from (Option("-tune:v", "ull"), Option("-zerolatency:v", "1"))
    elif tune is None:
        yield Option("-tune:v", "hq")
    else:
        raise NotMapped(f'"-tune {tune[:32]}" has no counterpart.')


def _profile_and_level(settings: VideoSettings, counterpart: Counterpart) -> Iterator[Option]:
    profile, level = settings.value("profile"), settings.value("level")
    if profile is not None and profile not in counterpart.profiles:
        raise NotMapped(f'"-profile:v {profile[:32]}" has no counterpart.')
    if profile is not None and counterpart.encoder != "av1_nvenc":
        yield Option("-profile:v", profile)
    if level is not None:
        dotted = f"{level[0]}.{level[1]}" if re.fullmatch(r"[1-6]\d", level) else level
        if counterpart.encoder != "h264_nvenc" or dotted not in LEVELS:
            raise NotMapped(f'"-level {level[:32]}" has no certain counterpart.')
        yield Option("-level:v", dotted)


def _rate(settings: VideoSettings, counterpart: Counterpart, *, two_passes: bool) -> Iterator[Option]:
    rates = {stream: rate for stream, rate in settings.values.get("b", {}).items() if rate not in {"0", "0k"}}
    qualities = settings.values.get("crf", {})
    if rates and qualities:
        raise NotMapped("Both a bitrate and a quality are asked for.")
    if two_passes and not rates:
        raise NotMapped("Two passes need a bitrate.")
    if rates and "v" not in rates and len(rates) != _count_mapped_videos(settings):
        raise NotMapped("Not every stream is certain to have a bitrate.")
    yield Option("-rc:v", "vbr")
    if rates:
        yield from _each("b", rates)
    else:
        found = {"v": f"{counterpart.crf:g}", **qualities}
        yield from _each("cq", {stream: _quality(crf, counterpart) for stream, crf in found.items()})
        yield Option("-b:v", "0")  # else the encoder's own two megabits a second hold
    ceilings, buffers = settings.values.get("maxrate", {}), settings.values.get("bufsize", {})
    if ceilings.keys() != buffers.keys():
        raise NotMapped('Without both "-maxrate" and "-bufsize" the software encoder bounds nothing.')
    yield from _each("maxrate", ceilings)
    yield from _each("bufsize", buffers)
    if two_passes:
        yield Option("-multipass:v", "fullres")


def _count_mapped_videos(settings: VideoSettings) -> int:
    maps = [option.value or "" for option in settings.kept if option.name == "map"]
    return sum(not re.search(r":[asd](?::|$)", one) for one in maps)


def _quality(crf: str, counterpart: Counterpart) -> str:
    """Both scales count quantizers; see docs/gpu.md for how far that holds."""
    try:
        number = float(crf)
    except ValueError:
        raise NotMapped("The quality of -crf is no number.") from None
    # 0 is lossless here and automatic there.
    if not 1 <= number <= counterpart.largest_crf:
        raise NotMapped(f'"-crf {crf[:32]}" has no counterpart.')
    return f"{number:g}"


def _each(name: str, values: dict[str, str]) -> Iterator[Option]:
    return (Option(f"-{name}:{stream}", value) for stream, value in values.items())


def _groups_of_pictures(settings: VideoSettings) -> Iterator[Option]:
    length = settings.value("g") or _GROUP_OF_PICTURES
    least = settings.value("keyint_min")
    scene_cuts = settings.value("sc_threshold")
    if not _is_count(length) or (least is not None and not _is_count(least)):
        raise NotMapped("The length of a group of pictures is no whole number.")
    if scene_cuts not in {None, "0", "40"}:
        raise NotMapped(f'A threshold for scene cuts of "{str(scene_cuts)[:32]}" has no counterpart.')
    is_fixed = scene_cuts == "0" or (least is not None and int(least) >= int(length))
    if least is not None and not is_fixed:
        raise NotMapped('"-keyint_min" below "-g" has no counterpart.')
    yield Option("-g:v", length)
    if is_fixed:
        yield Option("-no-scenecut:v", "1")
    forced = settings.values.get("force_key_frames", {})
    yield from _each("force_key_frames", forced)
    if forced:
        # x264 starts a closed group at each, NVENC only where it is told to.
        yield Option("-forced-idr:v", "1")


def _frames(settings: VideoSettings) -> Iterator[Option]:
    b_frames, references = settings.value("bf"), settings.value("refs")
    if b_frames is None and (settings.value("profile") == "baseline" or settings.value("tune") == "zerolatency"):
        b_frames = "0"
    if b_frames is not None:
        if not _is_count(b_frames):
            raise NotMapped("The number of B-frames is no whole number.")
        yield Option("-bf:v", str(min(int(b_frames), _MOST_B_FRAMES)))
    if references is not None:
        yield Option("-refs:v", references)
    lookahead = settings.value("rc-lookahead")
    if lookahead is not None and not _is_count(lookahead):
        raise NotMapped("The look-ahead is no whole number.")
    if settings.value("tune") != "zerolatency":
        yield Option("-rc-lookahead:v", str(min(int(lookahead or _LOOKAHEAD), _MOST_LOOKAHEAD)))
    if settings.value("aq-mode") != "0":
        yield Option("-spatial-aq:v", "1")


def _is_count(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,6}", text, re.ASCII))
