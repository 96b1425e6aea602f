"""Values of options by their kind."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import ForbiddenOption
from ffmpeg_worker.planning.option_policy.check_value import check_format, check_value
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext
from ffmpeg_worker.planning.option_policy.rule import ValueKind

CONTEXT = ArgumentContext("-o")
ACCEPTED = [
    (ValueKind.TEXT, "/etc/passwd"),
    (ValueKind.FLAG, ""),
    (ValueKind.READ, "a.srt"),
    (ValueKind.WRITE, "-"),
    (ValueKind.FONT, "/usr/share/fonts/a.ttf"),
    (ValueKind.DEVICE, "vaapi=va:/dev/dri/renderD128"),
    (ValueKind.BITSTREAM_FILTERS, "h264_mp4toannexb,filter_units=remove_types=6"),
    (ValueKind.STREAM_MAP, "v:0,a:0,name:high v:1"),
    (ValueKind.SEGMENT_FLAGS, "+independent_segments-delete_segments"),
    (ValueKind.MODEL, "version=vmaf_v0.6.1:name=a|path=m.json"),
    (ValueKind.MODEL, "version=vmaf_v0.6.1:motion.motion_force_zero=true"),
    (ValueKind.PROGRESS, "pipe:1"),
    (ValueKind.THREADS, "auto"),
]
REFUSED = [
    (ValueKind.READ, "/etc/passwd"),
    (ValueKind.WRITE, "_in/0.mp4"),
    (ValueKind.FONT, "/etc/a.ttf"),
    (ValueKind.DEVICE, "/dev/sda"),
    (ValueKind.BITSTREAM_FILTERS, "null,nosuch"),
    (ValueKind.STREAM_MAP, "v:0,name:../x"),
    (ValueKind.SEGMENT_FLAGS, "delete_segments+append_list"),
    (ValueKind.SEGMENT_FLAGS, "34"),
    (ValueKind.MODEL, "version=vmaf_v0.6.1:path=/x"),
    (ValueKind.MODEL, "nosuch=1"),
    (ValueKind.MODEL, r"version=a\:b"),
    (ValueKind.PROGRESS, "http://host/x"),
    (ValueKind.THREADS, "1K"),
    (ValueKind.THREADS, "-1"),
]


@pytest.mark.parametrize(("kind", "value"), ACCEPTED)
def test_accepted(kind: ValueKind, value: str) -> None:
    check_value(kind, value, CONTEXT)


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_refused_without_repeating_the_value(kind: ValueKind, value: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        check_value(kind, value, CONTEXT)
    assert caught.value.where == {"argument": "-o"}
    assert caught.value.hint
    assert value not in caught.value.message


def test_encoder_parameters_are_checked_by_the_option_that_they_belong_to() -> None:
    check_value(ValueKind.PARAMETERS, "film-grain=8", CONTEXT, "svtav1-params")
    with pytest.raises(ForbiddenOption, match='the parameter "film-grain"'):
        check_value(ValueKind.PARAMETERS, "film-grain=8", CONTEXT, "x264-params")


def test_an_unknown_bitstream_filter_gets_the_nearest_name() -> None:
    with pytest.raises(ForbiddenOption) as caught:
        check_value(ValueKind.BITSTREAM_FILTERS, "h264_mp4toanexb", CONTEXT)
    assert (caught.value.code, caught.value.hint) == (
        "bitstream_filter_unknown",
        'Did you mean "h264_mp4toannexb"?',
    )


@pytest.mark.parametrize(("kind", "value"), [(ValueKind.INPUT_FORMAT, "concat"), (ValueKind.OUTPUT_FORMAT, "tee")])
def test_formats_that_name_other_files_are_refused_inside_options(kind: ValueKind, value: str) -> None:
    check_format(kind, value, CONTEXT)
    with pytest.raises(ForbiddenOption, match="inside another option"):
        check_format(kind, value, CONTEXT, is_nested=True)


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (ValueKind.INPUT_FORMAT, "x11grab", "forbidden_option"),
        (ValueKind.OUTPUT_FORMAT, "fifo", "forbidden_option"),
        (ValueKind.INPUT_FORMAT, "mp5", "format_unknown"),
        # FFmpeg would accept it; the planner would see another format.
        (ValueKind.OUTPUT_FORMAT, "MP4", "format_unknown"),
    ],
)
def test_other_formats_are_refused(kind: ValueKind, value: str, code: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        check_format(kind, value, CONTEXT)
    assert caught.value.code == code


def test_a_parameter_that_names_a_file_to_read_is_checked_as_a_name() -> None:
    check_value(ValueKind.PARAMETERS, "hdr-opt=1:dhdr10-info=_in/meta.json", CONTEXT, "x265-params")
    with pytest.raises(ForbiddenOption, match='the parameter "dhdr10-info" may only name a file'):
        check_value(ValueKind.PARAMETERS, "dhdr10-info=/etc/passwd", CONTEXT, "x265-params")


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("x264-params", "stats=p.log", "-passlogfile"),
        ("x265-params", "stats=p.log", "-x265-stats"),
        ("x264-params", "keyimt=50", '"keyint"'),
        ("x265-params", "hrd-opt=1", '"hdr-opt"'),
    ],
)
def test_the_hint_of_a_refused_parameter_says_what_to_use(option: str, value: str, hint: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        check_value(ValueKind.PARAMETERS, value, CONTEXT, option)
    assert hint in (caught.value.hint or "")
