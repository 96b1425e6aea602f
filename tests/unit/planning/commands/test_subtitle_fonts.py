"""`fontsdir` of burnt subtitles."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.planning.commands.subtitle_fonts import fill_fonts_folder, find_font_folders, link_fonts
from ffmpeg_worker.planning.placed_files import Folder, InputLink

STAGED = {"font": "_in/font.ttf", "bold": "_in/bold.OTF", "film": "_in/film.mp4", "odd": "_in/odd"}


@pytest.mark.parametrize(
    ("graph", "filled"),
    [
        ("ass=a.ass:fontsdir={{font}}", "ass=a.ass:fontsdir=_fonts"),
        ("subtitles={{s}}:fontsdir='<<font>>':x=1", "subtitles={{s}}:fontsdir='_fonts':x=1"),
        ("subtitles=s:fontsdir={{ font }}/", "subtitles=s:fontsdir=_fonts/"),
        ("drawtext=fontfile={{font}}", "drawtext=fontfile={{font}}"),
        ("subtitles=s:fontsdir=fonts", "subtitles=s:fontsdir=fonts"),
    ],
)
def test_filled(graph: str, filled: str) -> None:
    assert fill_fonts_folder(graph) == filled


def test_the_folder_holds_every_font_of_the_job_and_nothing_else() -> None:
    line = read_command_line(["-i", "a", "-vf", "ass=a.ass:fontsdir={{odd}}", "b"])
    assert link_fonts(line, STAGED) == (
        Folder("_fonts"),
        InputLink("_fonts/_in-odd", "_in/odd"),
        InputLink("_fonts/_in-font.ttf", "_in/font.ttf"),
        InputLink("_fonts/_in-bold.OTF", "_in/bold.OTF"),
    )
    assert link_fonts(read_command_line(["-i", "a", "-vf", "drawtext=fontfile={{font}}", "b"]), STAGED) == ()


@pytest.mark.parametrize(
    ("graph", "folders"),
    [
        ("subtitles=s.srt:fontsdir=fonts", ["fonts"]),
        ("subtitles=s.srt:fontsdir=my\\ fonts/", ["my fonts"]),
        ("null,ass=a.ass:fontsdir='a/b',null", ["a/b"]),
        ("ass=a.ass:fontsdir={{font}}", []),
        ("ass=a.ass:fontsdir=/usr/share/fonts", []),
        ("ass=a.ass:fontsdir=_in", []),
        ("drawtext=fontfile=a.ttf", []),
    ],
)
def test_folders_of_the_data_root(graph: str, folders: list[str]) -> None:
    assert list(find_font_folders(read_command_line(["-i", "a", "-vf", graph, "b"]))) == folders
