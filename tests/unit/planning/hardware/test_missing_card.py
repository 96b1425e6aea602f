"""Commands for graphics cards on a machine that has none."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain
from ffmpeg_worker.planning.hardware.missing_card import check_card_is_not_needed, without_automatic_hwaccel


def chain(*commands: str) -> Chain:
    return read_chain([tuple(command.split()) for command in commands], (), {}, option_policy=True)


def arguments(found: Chain) -> str:
    (read,) = found.commands
    parts = [part for group in read.line.groups for o in group.options for part in o.tokens()]
    return " ".join(parts)


@pytest.mark.parametrize(
    "options",
    [
        "-hwaccel auto",
        "-hwaccel:v auto",
        "-hwaccel:v:0 auto",
        "-hwaccel auto -hwaccel_device 0",
        "-hwaccel_device /dev/dri/renderD128 -hwaccel auto -hwaccel_output_format nv12",
        "-hwaccel none -hwaccel auto",
    ],
)
def test_automatic_acceleration_is_left_out_with_what_belongs_to_it(options: str) -> None:
    found, warnings = without_automatic_hwaccel(chain(f"-re {options} -i a.mp4 -preset auto -t 1 b.mp4"))
    assert arguments(found) == "-re -preset auto -t 1"
    assert len(warnings) == 1


@pytest.mark.parametrize("options", ["", "-hwaccel none", "-hwaccel auto -hwaccel none", "-hwaccel vulkan"])
def test_other_commands_stay(options: str) -> None:
    asked = chain(f"{options} -i a.mp4 b.mp4")
    assert without_automatic_hwaccel(asked) == (asked, ())


@pytest.mark.parametrize(
    ("command", "argument", "hint"),
    [
        ("-hwaccel vaapi -i a.mp4 b.mp4", "-hwaccel", "CPU"),
        ("-hwaccel:v qsv -i a.mp4 b.mp4", "-hwaccel:v", "CPU"),
        ("-hwaccel videotoolbox -i a.mp4 b.mp4", "-hwaccel", "CPU"),
        ("-hwaccel_output_format vaapi -hwaccel auto -i a.mp4 b.mp4", "-hwaccel_output_format", "CPU"),
        ("-init_hw_device vaapi=v:/dev/dri/renderD128 -i a.mp4 b.mp4", "-init_hw_device", "CPU"),
        ("-init_hw_device qsv -i a.mp4 b.mp4", "-init_hw_device", "CPU"),
        ("-vaapi_device /dev/dri/renderD128 -i a.mp4 b.mp4", "-vaapi_device", "CPU"),
        ("-qsv_device 0 -i a.mp4 b.mp4", "-qsv_device", "CPU"),
        ("-i a.mp4 -c:v h264_vaapi b.mp4", "-c:v", "libx264"),
        ("-i a.mp4 -vcodec hevc_qsv b.mp4", "-vcodec", "libx265"),
        ("-i a.mp4 -codec:v:0 av1_amf b.mp4", "-codec:v:0", "libsvtav1"),
        ("-i a.mp4 -c h264_videotoolbox b.mp4", "-c", "libx264"),
        ("-i a.mp4 -c:v vp9_vaapi b.webm", "-c:v", "libvpx-vp9"),
        ("-i a.mp4 -c:v h264_v4l2m2m b.mp4", "-c:v", "libx264"),
        ("-i a.mp4 -c:v av9_qsv b.mp4", "-c:v", "software encoder"),
        ("-c:v h264_qsv -i a.mp4 b.mp4", "-c:v", "CPU"),
        ("-i a.mp4 -vf format=nv12,hwupload b.mp4", "-vf", "CPU"),
        ("-i a.mp4 -filter:v scale_vaapi=64:36 b.mp4", "-filter:v", "CPU"),
        ("-i a.mp4 -filter_complex [0:v]hwupload[v] -map [v] b.mp4", "-filter_complex", "CPU"),
        ("-i a.mp4 x.mp4 -vf hwdownload,format=nv12 b.mp4", "-vf", "CPU"),
    ],
)
def test_other_hardware_is_refused(command: str, argument: str, hint: str) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        check_card_is_not_needed(chain("-i a.mp4 0.mp4", command))
    assert caught.value.code == "hardware_unavailable"
    assert caught.value.where == {"command": 1, "argument": argument}
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "command",
    [
        "-i my_vaapi.mp4 -metadata title=h264_vaapi out_qsv.mp4",
        "-i a.mp4 -vf drawtext=text=hwupload b.mp4",
        "-hwaccel auto -i a.mp4 b.mp4",
        "-hwaccel none -i a.mp4 b.mp4",
        "-init_hw_device vulkan=v -filter_hw_device v -i a.mp4 -vf hwupload,gblur_vulkan,hwdownload b.mp4",
        "-init_hw_device opencl -i a.mp4 -vf hwupload,avgblur_opencl,hwdownload b.mp4",
    ],
)
def test_what_needs_no_card_is_accepted(command: str) -> None:
    check_card_is_not_needed(chain(command))
