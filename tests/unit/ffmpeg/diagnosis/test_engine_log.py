"""FFmpeg logs split into lines."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.diagnosis.engine_log import Line, find_main_complaint, find_open_failures, read_log


def test_a_line_has_contexts_a_level_and_a_text_without_addresses() -> None:
    log = "[vost#0:0/libx264 @ 0x55d4c733a040] [enc:libx264 @ 0x55d4] [error] Error @ 0x55d4c733a040 in file:a.mp4"
    assert read_log(log) == [Line(("vost#0:0/libx264", "enc:libx264"), "error", "Error in a.mp4")]
    assert str(read_log(log)[0]) == "[vost#0:0/libx264] [enc:libx264] Error in a.mp4"


def test_lines_of_libraries_have_the_library_as_context() -> None:
    assert read_log("x265 [error]: bad preset") == [Line(("x265",), "error", "bad preset")]


def test_information_is_left_out_unless_everything_is_asked_for() -> None:
    log = "[info] Stream mapping:\n[info] title : evil\n[error] bad\n[info] Exiting normally, received signal 15."
    assert [line.text for line in read_log(log)] == ["bad", "Exiting normally, received signal 15."]
    assert [line.text for line in read_log(log, everything=True)] == [
        "Stream mapping:",
        "bad",
        "Exiting normally, received signal 15.",
    ]


def test_lines_of_inserted_filters_are_left_out() -> None:
    assert (
        read_log("[graph_0_in_0:0 @ 0x5581] [error] Value 0 for parameter 'time_base'\n[buffer @ 0x1] [error] x")
        == []
    )


@pytest.mark.parametrize(
    ("log", "arguments", "found"),
    [
        (
            "[error] Error opening input: No such file or directory\n[error] Error opening input file a.mp4.",
            (),
            ["opening input a.mp4: No such file or directory"],
        ),
        ("[error] Error opening output o.mp4: Permission denied", (), ["opening output o.mp4: Permission denied"]),
        ("[fatal] Error opening output files: Invalid argument", (), []),
        ("[error] a.mp4: Is a directory", ("-i", "file:a.mp4", "o.mp4"), ["opening input a.mp4: Is a directory"]),
        ("[error] o.mp4: Is a directory", ("-i", "a.mp4", "o.mp4"), ["opening output o.mp4: Is a directory"]),
        ("[error] other: Is a directory", ("-i", "a.mp4", "o.mp4"), []),
        ("[warning] a.mp4: Invalid argument", ("-i", "a.mp4"), []),
    ],
)
def test_files_that_could_not_be_opened(log: str, arguments: tuple[str, ...], found: list[str]) -> None:
    assert find_open_failures(read_log(log), arguments) == found


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        ("", None),
        ("[error] Conversion failed!", None),
        ("[error] The flux is gone\n[error] Conversion failed!", "The flux is gone"),
        ("[fatal] Error opening input files: x\n[dec:h264 @ 0x1] [error] no flux", "decoder h264: no flux"),
        ("[warning] odd\n[Parsed_scale_0 @ 0x1] [error] no flux", "filter scale: no flux"),
        ("[NULL @ 0x1] [error] no flux", "no flux"),
        ("[error] bad block 1\n[error] bad block 2\n[error] bad block 3\n[error] rare", "rare"),
        ("[warning] odd", "odd"),
    ],
)
def test_the_main_complaint(log: str, complaint: str | None) -> None:
    assert find_main_complaint(read_log(log)) == complaint
