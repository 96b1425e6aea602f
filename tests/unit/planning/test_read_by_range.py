"""Which inputs may be read by range, and how commands use them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.read_by_range import (
    MAX_FILES,
    ReadFiles,
    find_read_files,
    is_read_by_range,
    may_read_by_range,
)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://example.com/a.mp4", True),
        ("https://example.com/A.MKV?sig=x.txt", True),
        ("s3://bucket/key", True),
        ("https://example.com/a.m3u8", False),
        ("https://example.com/a.png", False),
        ("https://example.com/a.srt", False),
        ("https://example.com/a.yuv", False),
        ("a.mp4", False),
    ],
)
def test_names(url: str, may: bool) -> None:
    assert may_read_by_range(FileSource(url=url)) is may


def test_what_must_be_read_whole() -> None:
    assert not may_read_by_range(FileSource(url="https://example.com/a.mp4", sha256="0" * 64))
    assert not may_read_by_range(TextSource(content="x"))


@pytest.mark.parametrize(
    ("demuxer", "may"), [("mp4", True), ("mov,mp4", True), ("image2", False), ("rawvideo", False)]
)
def test_demuxers_that_the_command_names(demuxer: str, may: bool) -> None:
    group = FileGroup(True, "{{v}}", (Option("-f", demuxer),))
    assert may_read_by_range(FileSource(url="https://example.com/a.mp4"), group) is may


def test_how_a_command_uses_files() -> None:
    arguments = (
        "-i",
        "file:_in/a.mp4",
        "-i",
        "_in/b",
        "-vf",
        "movie=_in/c.mp4,subtitles=_in/e.srt",
        "-metadata",
        "x=_in/b-2.mp4",
    )
    names = ("_in/a.mp4", "_in/b", "_in/c.mp4", "_in/d.mp4", "_in/e.srt")
    found = find_read_files(arguments, ("file _in/d.mp4",), names)
    assert found.files == ("_in/a.mp4", "_in/b", "_in/c.mp4")
    assert found.others == {"_in/d.mp4", "_in/e.srt"}


def test_a_command_reads_only_so_many_files_by_range() -> None:
    names = [f"_in/{number}.mp4" for number in range(MAX_FILES + 2)]
    found = find_read_files([part for name in names for part in ("-i", name)], (), names)
    assert found.files == tuple(names[:MAX_FILES])
    assert found.others == set(names[MAX_FILES:])


LIST = ("-f", "concat", "-safe", "0", "-i", "file:_in/l.txt")
NAMES = [f"_in/{number}.mp4" for number in range(MAX_FILES + 2)]


def test_entries_of_a_list_are_read_by_range() -> None:
    found = find_read_files((*LIST, "-i", NAMES[1]), (), NAMES, {"_in/l.txt": NAMES[:3]})
    assert found == ReadFiles(tuple(NAMES[:3]), frozenset({"_in/l.txt"}))


def test_the_first_entries_of_a_long_list() -> None:
    found = find_read_files(LIST, (), NAMES, {"_in/l.txt": NAMES})
    assert found.files == tuple(NAMES[:MAX_FILES])
    assert found.others == set(NAMES[MAX_FILES:])


@pytest.mark.parametrize(
    "arguments",
    [
        ("-f", "concat", "-safe", "1", "-i", "file:_in/l.txt"),
        ("-f", "hls", "-safe", "0", "-i", "file:_in/l.txt"),
        (*LIST, "-vf", "movie=_in/l.txt"),
        (*LIST, "-vf", "movie=_in/l.txt:f=concat"),
    ],
)
def test_entries_of_a_list_that_is_read_in_another_way(arguments: tuple[str, ...]) -> None:
    found = find_read_files(arguments, (), NAMES, {"_in/l.txt": NAMES[:3]})
    assert not found.lists
    assert found.others == set(NAMES[:3])


def test_what_is_no_url_is_not_read_by_range() -> None:
    assert not is_read_by_range("https://[::1/a.mp4")
