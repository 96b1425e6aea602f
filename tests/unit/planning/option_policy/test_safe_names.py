"""File and device names that options may contain."""

from __future__ import annotations

import pytest

from ffmpeg_worker.planning.option_policy import safe_names


@pytest.mark.parametrize(
    "name",
    ["a.srt", "sub dir/ä😀.ass", "_in/3.srt", "file:a.srt", "s_%03d.ts", "50%.cube", "a'b.txt", "v%v/s%d.ts"],
)
def test_files_of_the_job_may_be_read(name: str) -> None:
    assert safe_names.may_read(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/etc/passwd", "../x", "a/../../x", "a/./b", "./a", "a//b", "a/", ".hidden", "a/.hidden/b", "-x"),
        *("http://host/x", "concat:a|b", "file:/etc/passwd", "file:file:/x", "file:../x", "a:b", "C:\\x", "a|b"),
        *("a\nb", "a\0b", "a\ud800", "x" * 5000, "-", "pipe:0", "fd:3", "subfile,,start,0,end,0,,:/x"),
    ],
)
def test_other_names_may_not_be_read(name: str) -> None:
    assert not safe_names.may_read(name)


def test_inputs_may_not_be_written_but_standard_output_may() -> None:
    assert safe_names.may_write("-")
    assert safe_names.may_write("logs/psnr.log")
    assert not safe_names.may_write("_in/0.mp4")
    assert not safe_names.may_write("file:_in/0.mp4")


def test_fonts_come_from_the_job_or_the_system() -> None:
    assert safe_names.may_read_fonts("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    assert safe_names.may_read_fonts("/usr/share/fonts/")
    assert safe_names.may_read_fonts("fonts")
    assert not safe_names.may_read_fonts("/usr/share/fonts/../../../etc/passwd")
    assert not safe_names.may_read_fonts("/usr/share/fontsx/a.ttf")


@pytest.mark.parametrize(
    "text", ["cuda", "cuda=cu:0", "vaapi=va:/dev/dri/renderD128", "0", "qsv=hw", "opencl:0.1", "vulkan=v@va", "cu"]
)
def test_devices(text: str) -> None:
    assert safe_names.is_device(text)


@pytest.mark.parametrize(
    "text", ["/dev/sda", "vaapi=x:host:0.0", "vaapi=v:/dev/dri/../x", "127.0.0.1:0", "vaapi:,driver=../x"]
)
def test_other_texts_are_not_devices(text: str) -> None:
    assert not safe_names.is_device(text)
