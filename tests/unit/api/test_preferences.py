"""`Prefer` and `?wait=`: what is read, and what is ignored or refused."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from ffmpeg_worker.api.preferences import BARE_WAIT_S, MAX_WAIT_S, Preferences, read_preferences
from ffmpeg_worker.errors import InvalidJob


def read(*headers: str, query: str = "") -> Preferences:
    given = [(b"prefer", header.encode("latin-1")) for header in headers]
    return read_preferences(Request({"type": "http", "headers": given, "query_string": query.encode()}))


@pytest.mark.parametrize(
    ("headers", "wait_s", "is_async"),
    [
        ((), None, False),
        (("wait=30",), 30, False),
        (("Wait = 30",), 30, False),
        (('wait="30"',), 30, False),
        (("wait=0",), 0, False),
        (("wait=007",), 7, False),
        (("wait=999999999999999999999",), MAX_WAIT_S, False),
        (("wait",), BARE_WAIT_S, False),
        (("respond-async",), None, True),
        (("respond-async, wait=10",), 10, True),
        (("respond-async", "wait=10"), 10, True),
        (("return=minimal; foo, wait=5;x=1, wait=6",), 5, False),
        (("wait=soon",), None, False),
        (("wait=-1",), None, False),
        (("wait=1.5",), None, False),
        (("wait=\xb2",), None, False),
        (("handling=lenient, ,;=,=wait",), None, False),
        (("await=30",), None, False),
    ],
)
def test_headers(headers: tuple[str, ...], wait_s: int | None, is_async: bool) -> None:
    assert read(*headers) == Preferences(wait_s, is_async)


@pytest.mark.parametrize(
    ("query", "wait_s"), [("wait=30", 30), ("wait=0", 0), ("wait=", 5), ("wait=601", MAX_WAIT_S), ("t=1", 5)]
)
def test_the_query_string_goes_before_the_header(query: str, wait_s: int) -> None:
    assert read("wait=5", query=query).wait_s == wait_s


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "true", "1e3", "%00", "%C2%B2", "30s"])
def test_another_wait_in_the_query_string_is_refused(value: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read(query=f"wait={value}")
    assert caught.value.where == {"field": "wait"}


def test_what_is_applied_is_told() -> None:
    assert read("respond-async, wait=700").as_headers()["Preference-Applied"] == "respond-async, wait=600"
    assert read("wait=0").as_headers()["Preference-Applied"] == "wait=0"
    assert read("return=minimal").as_headers() == {}
