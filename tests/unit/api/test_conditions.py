"""Conditional requests: when a caller's copy is still good."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from ffmpeg_worker.api.conditions import Condition, Version

VERSION = Version('"1-2-3"', 1_700_000_000)
BEFORE, THEN, AFTER = (formatdate(1_700_000_000 + shift, usegmt=True) for shift in (-1, 0, 1))
SEND, SAME, FAILED = Condition.SEND, Condition.NOT_MODIFIED, Condition.FAILED


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, SEND),
        ({"if-none-match": '"1-2-3"'}, SAME),
        ({"if-none-match": 'W/"1-2-3"'}, SAME),
        ({"if-none-match": '"x", "1-2-3"'}, SAME),
        ({"if-none-match": "*"}, SAME),
        ({"if-none-match": '"x"'}, SEND),
        ({"if-none-match": '"x"', "if-modified-since": THEN}, SEND),
        ({"if-modified-since": BEFORE}, SEND),
        ({"if-modified-since": THEN}, SAME),
        ({"if-modified-since": AFTER}, SAME),
        ({"if-modified-since": "yesterday"}, SEND),
        ({"if-modified-since": "Mon, 99 Jan 99999 99:99:99 GMT"}, SEND),
        ({"if-modified-since": "1" * 10_000}, SEND),
        ({"if-match": '"1-2-3"'}, SEND),
        ({"if-match": "*"}, SEND),
        ({"if-match": 'W/"1-2-3"'}, FAILED),
        ({"if-match": '"x"'}, FAILED),
        ({"if-match": '"1-2-3"', "if-none-match": '"1-2-3"'}, SAME),
        ({"if-unmodified-since": BEFORE}, FAILED),
        ({"if-unmodified-since": THEN}, SEND),
        ({"if-match": '"1-2-3"', "if-unmodified-since": BEFORE}, SEND),
    ],
)
def test_conditions(headers: dict[str, str], expected: Condition) -> None:
    assert VERSION.check(headers) is expected


@pytest.mark.parametrize(
    ("if_range", "is_allowed"),
    [
        (None, True),
        ('"1-2-3"', True),
        ('W/"1-2-3"', False),
        ('"x"', False),
        (THEN, True),
        (BEFORE, False),
        (AFTER, False),
        ("nonsense", False),
    ],
)
def test_a_range_completes_only_the_same_version(if_range: str | None, is_allowed: bool) -> None:
    assert VERSION.allows_range(if_range) is is_allowed


def test_the_date_of_this_second_is_no_proof() -> None:
    now = int(time.time())
    assert not Version('"1"', now + 5).allows_range(formatdate(now + 5, usegmt=True))
