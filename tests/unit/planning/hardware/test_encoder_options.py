"""NVENC options for the settings of a software encoder."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.planning.hardware.encoder_options import map_encoder_options
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import read_settings


def mapped(command: str, encoder: str = "libx264", *, two_passes: bool = False) -> dict[str, str | None]:
    (group,) = read_command_line([*command.split(), "b.mp4"]).outputs
    software = ENCODERS[encoder]
    assert software.nvenc is not None
    options = map_encoder_options(read_settings(group, software), software.nvenc, two_passes=two_passes)
    assert options[0].token == "-c:v"
    return {option.token: option.value for option in options}


def test_defaults_follow_the_software_encoder() -> None:
    x264, av1 = mapped(""), mapped("", "libsvtav1")
    assert (x264["-c:v"], x264["-preset:v"], x264["-cq:v"], x264["-b:v"]) == ("h264_nvenc", "p6", "23", "0")
    assert (av1["-c:v"], av1["-preset:v"], av1["-cq:v"]) == ("av1_nvenc", "p5", "35")
    assert x264["-g:v"] == "250"


@pytest.mark.parametrize(
    ("command", "encoder", "preset"),
    [
        ("-preset veryslow", "libx264", "p7"),
        ("-preset ultrafast", "libx265", "p1"),
        ("-preset 12", "libsvtav1", "p1"),
        ("-cpu-used 4", "libaom-av1", "p6"),
    ],
)
def test_presets(command: str, encoder: str, preset: str) -> None:
    assert mapped(command, encoder)["-preset:v"] == preset


def test_a_bitrate_replaces_the_quality() -> None:
    options = mapped("-b:v 3M -maxrate 4M -bufsize 8M", two_passes=True)
    assert (options["-b:v"], options["-maxrate:v"], options["-bufsize:v"]) == ("3M", "4M", "8M")
    assert options["-multipass:v"] == "fullres"
    assert "-cq:v" not in options


def test_fixed_groups_of_pictures_and_forced_key_frames() -> None:
    assert mapped("-g 48 -keyint_min 48")["-no-scenecut:v"] == "1"
    assert "-no-scenecut:v" not in mapped("-g 48")
    assert mapped("-force_key_frames expr:1")["-forced-idr:v"] == "1"


def test_limits_of_nvenc_cap_frame_options() -> None:
    options = mapped("-bf 16 -rc-lookahead 60 -aq-mode 0")
    assert (options["-bf:v"], options["-rc-lookahead:v"]) == ("4", "32")
    assert "-spatial-aq:v" not in options


def test_zero_latency_has_no_b_frames_and_no_lookahead() -> None:
    options = mapped("-tune zerolatency")
    assert (options["-tune:v"], options["-bf:v"]) == ("ull", "0")
    assert "-rc-lookahead:v" not in options


@pytest.mark.parametrize(
    ("command", "encoder", "reason"),
    [
        ("-crf 0", "libx264", "-crf 0"),
        ("-crf 60", "libx264", "-crf 60"),
        ("-crf x", "libx264", "not a number"),
        ("-crf 20 -b:v 3M", "libx264", "both a bitrate and a quality"),
        ("-maxrate 3M", "libx264", "must be given together"),
        ("-preset 6", "libx264", "-preset 6"),
        ("-cpu-used 4", "libx264", "libx264 has no option -cpu-used"),
        ("-tune grain", "libx264", "-tune grain"),
        ("-tune zerolatency", "libsvtav1", "-tune zerolatency"),
        ("-profile:v high10", "libx264", "-profile:v high10"),
        ("-level 4.1", "libx265", "-level 4.1"),
        ("-g 50 -keyint_min 10", "libx264", "-keyint_min"),
        ("-g x", "libx264", "not a whole number"),
        ("-sc_threshold 20", "libx264", "-sc_threshold 20"),
    ],
)
def test_settings_without_an_nvenc_equivalent(command: str, encoder: str, reason: str) -> None:
    with pytest.raises(NotMapped, match=reason):
        mapped(command, encoder)


def test_two_passes_need_a_bitrate() -> None:
    with pytest.raises(NotMapped, match="bitrate"):
        mapped("-crf 20", two_passes=True)
