"""Options of one output, split into those of the encoder and the others."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import FileGroup, read_command_line
from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import find_software_encoder, read_settings

X264 = ENCODERS["libx264"]


def output(command: str) -> FileGroup:
    (group,) = read_command_line(command.split()).outputs
    return group


@pytest.mark.parametrize(
    ("command", "encoder"),
    [
        ("-c:v libx265 b.mp4", "libx265"),
        ("-vcodec libx265 -c:a aac b.mp4", "libx265"),
        ("-c copy -c:v libx264 b.mkv", "libx264"),
        ("b.mp4", "libx264"),
        ("-f hls x", "libx264"),
        ("b.webm", None),
        ("-vn b.mp4", None),
        ("-c:v:0 libx264 -c:v libx265 b.mp4", "libx265"),  # one for all streams replaces those before it
    ],
)
def test_the_encoder_of_an_output(command: str, encoder: str | None) -> None:
    assert find_software_encoder(output(command)) == encoder


def test_streams_with_different_encoders_are_not_mapped() -> None:
    with pytest.raises(NotMapped, match="different video encoders"):
        find_software_encoder(output("-c:v:0 libx264 -c:v:1 libx265 b.mp4"))


def test_encoder_options_are_taken_out_and_the_others_keep_their_order() -> None:
    settings = read_settings(output("-map 0 -crf 20 -c:v libx264 -c:a aac -b:v:1 2M -movflags x b.mp4"), X264)
    assert [option.token for option in settings.kept] == ["-map", "-c:a", "-movflags"]
    assert settings.index == 1
    assert settings.values == {"crf": {"v": "20"}, "b": {"v:1": "2M"}}


def test_the_last_value_counts_and_one_for_all_streams_replaces_earlier_ones() -> None:
    settings = read_settings(output("-crf 20 -b:v:0 1M -crf 21 -b:v 2M b.mp4"), X264)
    assert settings.value("crf") == "21"
    assert settings.values["b"] == {"v": "2M"}
    assert settings.value("preset") is None


def test_parameters_become_the_options_that_mean_the_same() -> None:
    settings = read_settings(
        output("-x264-params keyint=48:min_keyint=24:no-scenecut=1:vbv-maxrate=3000 b.mp4"), X264
    )
    assert {name: settings.value(name) for name in settings.values} == {
        "g": "48",
        "keyint_min": "24",
        "sc_threshold": "0",
        "maxrate": "3000k",
    }


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("-qp 20 b.mp4", '"-qp" has no NVENC equivalent'),
        ("-x265-params keyint=5 b.mp4", '"-x265-params" has no NVENC equivalent'),
        ("-x264-params me=umh b.mp4", 'key "me"'),
        ("-b:0 2M b.mp4", "v, v:0"),
        ("-flags +ildct b.mp4", '"-flags"'),
    ],
)
def test_other_options_are_not_mapped(command: str, reason: str) -> None:
    with pytest.raises(NotMapped, match=reason):
        read_settings(output(command), X264)


def test_streams_with_different_values_have_no_single_value() -> None:
    settings = read_settings(output("-crf:v:0 20 -crf:v:1 21 b.mp4"), X264)
    with pytest.raises(NotMapped, match="more than one value"):
        settings.value("crf")
