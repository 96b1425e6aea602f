"""File names in lists for FFmpeg's concat demuxer."""

from __future__ import annotations

from ffmpeg_worker.command.concat_list import read_entries, rename_entries

LIST = """ffconcat version 1.0
file 'my clip.mp4'
duration 2
  file plain.mp4  # a comment
file a\\ b.mp4
# file ignored.mp4
file 'open
"""


def test_names_are_read_without_quotation_marks() -> None:
    assert read_entries(LIST) == ["my clip.mp4", "plain.mp4", "a b.mp4", "'open"]


def test_only_known_names_are_replaced() -> None:
    renamed = rename_entries(LIST, {"my clip.mp4": "0.mp4", "a b.mp4": "1.mp4"})
    assert read_entries(renamed) == ["0.mp4", "plain.mp4", "1.mp4", "'open"]
    assert "duration 2\n" in renamed
    assert "# file ignored.mp4\n" in renamed
