"""Command lines are split as `shlex.split` splits them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.command.shell_words import split_words


@given(st.text("ab \t\n\r'\"\\;é", max_size=30))
def test_any_text_is_split_as_the_standard_library_does(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(ValueError, match="unclosed"):
            split_words(text)
    else:
        assert split_words(text) == expected
