"""Fields of queued jobs: every bad value is told by its field, and what a direct run cannot promise is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.queue_fields import DEFAULT_PRIORITY
from ffmpeg_worker.services import _refuse_queue_fields

URL = "https://app.example/hook"
PROBE = {"input": "a.mp4"}
BAD: dict[str, list[Any]] = {
    "async": [2, -1, 0.5, "maybe", [], {}],
    "callback_url": ["ftp://x/y", "https://", "no url", 7, True, [URL], {}, "https://a.b/ c", "http://a\nb"],
    "webhook": ["javascript:alert(1)", 0, [URL], "https://" + "a" * 2048, " https://a.b/\tc"],
    "callback_auth_header": ["x\ny", 5, [], "Bearer \u00e4", "x" * 4097, "x\u2028y"],
    "callback_events": ["never", ["never"], [1], ["end", "end", "end"], {"end": True}, 5],
    "idempotency_key": ["x" * 256, [1], {"a": 1}, True, 1.5],
    "priority": [0, 101, -1, 10**400, "high", 1.5, True, "1.5", [1], float("inf")],
}
BAD_VALUES = [pytest.param(name, value, id=f"{name}-{str(value)[:12]}") for name in BAD for value in BAD[name]]


def needed(name: str) -> dict[str, Any]:
    return {"callback_url": URL} if name in {"callback_auth_header", "callback_events"} else {}


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_bad_values_are_told_by_their_field(name: str, value: Any) -> None:
    fields = {**needed(name), name: value}
    for job, prefix in (
        ({"action": "probe", "data": PROBE, **fields}, ""),
        ({"action": "probe", "data": {**PROBE, **fields}}, "data."),
    ):
        with pytest.raises(InvalidJob) as caught:
            parse_job(job)
        error = caught.value
        assert error.code == "invalid_value"
        assert error.hint
        assert error.where is not None
        assert str(error.where["field"]).split("[")[0] == f"{prefix}{name}"
        assert len(error.message) < 200
        text = str(value)
        assert len(text) < 9 or text not in error.message, "values are not echoed"


def test_messages_are_in_words_of_callers() -> None:
    def message(**fields: Any) -> str:
        with pytest.raises(InvalidJob) as caught:
            parse_action("probe", {**PROBE, **fields})
        return caught.value.message

    assert message(priority=101) == '"priority" must be less than or equal to 100.'
    assert (
        message(callback_url="ftp://x")
        == '"callback_url" must be a URL such as https://HOST/PATH, without blanks.'
    )
    assert message(callback_url=URL, callback_events=["x"]).endswith('must be one of "end", "progress".')
    assert "4096 characters" in message(callback_url=URL, callback_auth_header="x" * 5000)
    assert message(callback_url=URL, webhook=URL) == 'The job has both "callback_url" and "webhook".'
    assert message(callback_auth_header="x") == '"callback_auth_header" needs "callback_url".'


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"callback_url": URL, "webhook": URL}, "webhook"), ({"callback_auth_header": "x"}, "callback_auth_header")],
)
def test_fields_that_do_not_go_together_are_told(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_action("probe", {**PROBE, **fields})
    assert (caught.value.code, caught.value.where) == ("invalid_value", {"field": field})
    assert caught.value.hint


@pytest.mark.parametrize(
    "spelling", ["callbackUrl", "callback", "webhookUrl", "idempotencyKey", "isAsync", "Async", "prio"]
)
def test_other_spellings_are_answered_with_the_right_one(spelling: str) -> None:
    with pytest.raises(InvalidJob, match=spelling) as caught:
        parse_action("probe", {**PROBE, spelling: URL})
    assert caught.value.code == "unknown_field"
    assert caught.value.hint is not None
    assert "Did you mean" in caught.value.hint or "Known here are" in caught.value.hint


@pytest.mark.parametrize("name", ["callback_url", "webhook"])
@pytest.mark.parametrize("url", [URL, "HTTP://127.0.0.1:8000/x?y=1#z", "https://a.b/\u00e4"])
def test_both_spellings_of_the_callback_are_one(name: str, url: str) -> None:
    job = parse_action("probe", {**PROBE, name: url, "callback_events": ["progress", "end"]})
    assert (job.callback, job.needs_queue, job.callback_events) == (url, name, ("progress", "end"))


@pytest.mark.parametrize(
    "shape",
    [
        lambda fields: {"action": "probe", "data": PROBE, **fields},
        lambda fields: {"action": "probe", "data": {**PROBE, **fields}},
        lambda fields: {"path": "/ffmpeg/probe", "body": {**PROBE, **fields}},
        lambda fields: {"path": "/ffmpeg/probe", "body": PROBE, **fields},
        lambda fields: {"input": {"action": "probe", "data": {**PROBE, **fields}}},
    ],
)
def test_fields_may_stand_beside_the_data_or_in_it(shape: Any) -> None:
    job = parse_job(shape({"async": "true", "priority": "7", "idempotency_key": "order-17"}))
    assert (job.async_, job.priority, job.idempotency_key) == (True, 7, "order-17")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"async": True}, "async"),
        ({"async": "true", "webhook": URL}, "async"),
        ({"callback_url": URL}, "callback_url"),
        ({"webhook": URL}, "webhook"),
        ({"idempotency_key": "k"}, "idempotency_key"),
    ],
)
def test_direct_runs_refuse_what_they_cannot_promise(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f'"{field}" needs a queued job') as caught:
        _refuse_queue_fields(parse_action("probe", {**PROBE, **fields}))
    assert caught.value.where == {"field": field}
    assert caught.value.hint is not None
    assert f'"{field}"' in caught.value.hint


@pytest.mark.parametrize(
    "fields", [{}, {"async": False}, {"priority": 3}, {"callback_url": ""}, {"webhook": None}]
)
def test_direct_runs_take_what_asks_for_nothing(fields: dict[str, Any]) -> None:
    job = parse_action("probe", {**PROBE, **fields})
    _refuse_queue_fields(job)
    assert (job.priority or DEFAULT_PRIORITY) in {3, DEFAULT_PRIORITY}
    assert job.callback is None
