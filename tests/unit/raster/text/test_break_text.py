"""Where lines, phrases and words end."""

from __future__ import annotations

import pytest

from ffmpeg_worker.raster.text.break_text import find_line_breaks, find_phrase_breaks, split_words


def cut(text: str, ends: tuple[int, ...]) -> list[str]:
    return [text[start:end] for start, end in zip((0, *ends), ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("สวัสดีครับยินดีต้อนรับ", ["สวัสดี", "ครับ", "ยินดี", "ต้อนรับ"]),
        ("ສະບາຍດີຍິນດີ", ["ສະບາຍດີ", "ຍິນດີ"]),
        ("សូមស្វាគមន៍មកកាន់", ["សូមស្វាគមន៍", "មកកាន់"]),
        ("well-known fact", ["well-", "known ", "fact"]),
        ("a b", ["a ", "b"]),
        ("", []),
    ],
)  # fmt: skip
def test_lines_end_between_words(text: str, words: list[str]) -> None:
    assert cut(text, find_line_breaks(text)) == words


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("今日はとても良い天気ですね。", ["今日は", "とても", "良い", "天気ですね。"]),
        ("我们明天去北京", ["我们", "明天", "去", "北京"]),
        ("오늘은 날씨가 좋네요", ["오늘은 ", "날씨가 ", "좋네요"]),
        ("plain text", ["plain ", "text"]),
    ],
)
def test_phrases_are_kept_together(text: str, phrases: list[str]) -> None:
    assert cut(text, find_phrase_breaks(text, find_line_breaks(text))) == phrases


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["Hello,", "world!"]),
        ("我们明天去北京。", ["我们", "明天", "去", "北京。"]),
        ("「今日は」いい", ["「今日", "は」", "いい"]),
        ("สวัสดีครับ ทุกคน", ["สวัสดี", "ครับ", "ทุก", "คน"]),
        ("😀 我们", ["😀", "我们"]),
        (" \n ", []),
    ],
)
def test_words_are_found_in_every_script(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in split_words(text)] == words
