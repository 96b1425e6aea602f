"""Spoken words are aligned to the written text of their cue."""

from __future__ import annotations

import itertools

import pytest

from ffmpeg_worker.scene.content import Cue, Word
from ffmpeg_worker.scene.subtitles.align_words import align_words, join_syllables, spread


def aligned(text: str, *spoken: str) -> list[tuple[str, float, float]]:
    """Return the words of a text; spoken words take one second each."""
    words = tuple(Word(word, float(index), index + 1.0) for index, word in enumerate(spoken))
    cue = align_words(Cue(0.0, float(len(words)), text, words))
    assert cue.text == text
    return [(word.text, word.begin_s, word.end_s) for word in cue.words]


@pytest.mark.parametrize(
    ("text", "spoken", "shown"),
    [
        ("Hello, world!", ["hello", "world"], ["Hello,", "world!"]),
        ("Hello, world!", [" Hello,", " world!"], ["Hello,", "world!"]),
        ("Hello, world!", ["Hello", ",", "world", "!"], ["Hello,", "world!"]),
        ("“Wait…” — he said", ["wait", "he", "said"], ["“Wait…” —", "he", "said"]),
        ("- Hi!\n- Ho!", ["hi", "ho"], ["- Hi!", "- Ho!"]),
        ("¿Qué tal?", ["que", "tal"], ["¿Qué", "tal?"]),
        ("STRASSE frei", ["straße", "frei"], ["STRASSE", "frei"]),
        ("我们明天去北京。", ["我们", "明天", "去", "北京"], ["我们", "明天", "去", "北京。"]),
        ("สวัสดีครับ ทุกคน", ["สวัสดี", "ครับ", "ทุกคน"], ["สวัสดี", "ครับ", "ทุกคน"]),
        ("New York, baby", ["New York", "baby"], ["New York,", "baby"]),
        ("colour and grey", ["color", "and", "gray"], ["colour", "and", "grey"]),
    ],
    ids=range(11),
)
def test_the_written_text_is_kept_and_its_words_have_the_spoken_times(
    text: str, spoken: list[str], shown: list[str]
) -> None:
    words = aligned(text, *spoken)
    assert [word for word, _, _ in words] == shown
    if len(spoken) == len(shown):
        assert [(begin, end) for _, begin, end in words] == [(n, n + 1) for n in range(len(shown))]


def test_numbers_written_as_digits_last_as_long_as_their_spoken_words() -> None:
    words = join_syllables(
        align_words(
            Cue(
                0,
                4,
                "It's 25 dollars",
                tuple(Word(w, i, i + 1) for i, w in enumerate("its twenty five dollars".split())),
            )
        )
    ).words
    assert [(word.text, word.begin_s, word.end_s) for word in words] == [
        ("It's", 0, 1), ("25", 1, 3), ("dollars", 3, 4),
    ]  # fmt: skip


def test_words_that_nobody_says_share_the_time_around_them() -> None:
    words = aligned("take a very big cat", "take", "a", "cat")
    assert [word for word, _, _ in words] == ["take", "a", "very", "big", "cat"]
    assert words[0][1:] == (0, 1)
    assert words[-1][1:] == (2, 3)
    assert [end for _, _, end in words[1:4]] == [begin for _, begin, _ in words[2:5]]
    assert all(end - begin > 0.1 for _, begin, end in words)


def test_spoken_words_that_the_text_lacks_are_dropped() -> None:
    assert aligned("so we went home", "so", "um", "we", "went", "home") == [
        ("so", 0, 1), ("we", 2, 3), ("went", 3, 4), ("home", 4, 5),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Something else entirely", "anders", "完全不同的文字", "…"])
def test_a_text_with_nothing_in_common_keeps_all_of_its_letters_in_order(text: str) -> None:
    words = aligned(text, "hello", "there", "friends")
    assert "".join(word for word, _, _ in words) in {"".join(text.split()), text, ""}
    begins = [begin for _, begin, _ in words]
    assert begins == sorted(begins)


def test_syllables_are_joined_to_words_but_not_in_scripts_without_spaces() -> None:
    latin = Cue(0, 3, "Kara oke", (Word("Ka", 0, 1), Word("ra", 1, 2), Word("oke", 2, 3)))
    assert join_syllables(latin).words == (Word("Kara", 0, 2), Word("oke", 2, 3))
    thai = Cue(0, 2, "สวัสดีครับ", (Word("สวัสดี", 0, 1), Word("ครับ", 1, 2)))
    assert join_syllables(thai) == thai


def test_words_share_a_span_of_time_in_proportion_to_their_lengths() -> None:
    words = spread(["I", "understand", "it"], 2.0, 4.0)
    assert (words[0].begin_s, words[-1].end_s) == (2.0, 4.0)
    assert all(a.end_s == b.begin_s for a, b in itertools.pairwise(words))
    assert words[1].end_s - words[1].begin_s > words[2].end_s - words[2].begin_s > 0.2
