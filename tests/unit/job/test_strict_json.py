"""JSON that is refused, with a message that names the place."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.strict_json import read_json


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "not JSON"),
        ("\ufeff{}".encode("utf-16"), "UTF-16"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"{", "line 1"),
        (b'{"a":1,"a":2}', '"a" appears twice'),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":"x\\u0000"}', "NUL"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        ('{"a":1}'.encode("utf-16"), "UTF-8"),
        (b"[" * 100 + b"]" * 100, "levels"),
        (b"[" * 200000, "levels"),
        (b'{"a":' + b"9" * 5000 + b"}", "too large"),
    ],
)
def test_refused(body: bytes, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_json(body)
    assert word in caught.value.message
    assert caught.value.code == "invalid_json"


def test_ordinary_json_is_read() -> None:
    assert read_json('{"a": [1, 2.5, "ü", null, true]}') == {"a": [1, 2.5, "ü", None, True]}


def test_the_place_is_named() -> None:
    with pytest.raises(InvalidJob) as caught:
        read_json(b'{"a":[{"b":"x\\u0000"}]}')
    assert caught.value.where == {"field": "a[0].b"}
