"""Words are joined as their scripts are written."""

from __future__ import annotations

import pytest

from ffmpeg_worker.scene.subtitles.unspaced_scripts import is_unspaced, join_words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["Hello", "world"], "Hello world"),
        (["Hello", ",", "world", "!"], "Hello, world!"),
        ([" Hello", ",", " don", "'t", " go"], "Hello, don't go"),
        (["I", "'m", "(", "here", ")"], "I'm (here)"),
        (["¿", "Qué", "tal", "?"], "¿Qué tal?"),
        (["我们", "明天", "去", "北京", "。"], "我们明天去北京。"),
        (["今日", "は", "iPhone", "を"], "今日はiPhoneを"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["ສະບາຍດີ", "ເຈົ້າ"], "ສະບາຍດີເຈົ້າ"),
        (["សូម", "អរគុណ"], "សូមអរគុណ"),
        (["မင်္ဂလာ", "ပါ"], "မင်္ဂလာပါ"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["party", "🎉", "now"], "party 🎉 now"),
        (["नमस्ते", "दुनिया"], "नमस्ते दुनिया"),
    ],
    ids=range(14),
)
def test_words_are_joined_with_spaces_only_where_their_script_has_them(words: list[str], text: str) -> None:
    assert join_words(words) == text


def test_scripts_without_spaces_are_known() -> None:
    assert all(map(is_unspaced, "漢あｱ。กກកမ"))
    assert not any(map(is_unspaced, "aж한 अ🎉\u3000"))
