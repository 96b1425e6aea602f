"""Ids and filters in requests about queued jobs: what is read, and how the rest is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request

from ffmpeg_worker.api.idempotency import read_idempotency_key
from ffmpeg_worker.api.job_parameters import read_filter, read_job_id, read_number
from ffmpeg_worker.errors import InvalidJob, JobNotFound
from ffmpeg_worker.job_queue.job_record import JobFilter, JobStatus

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()


def request(query: str = "", **more: Any) -> Request:
    return Request({"type": "http", "headers": [], "query_string": query.encode(), **more})


def read(query: str) -> JobFilter:
    return read_filter(request(query), "me")[0]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {}),
        ("status=failed", {"statuses": (JobStatus.FAILED,)}),
        ("status=failed,%20queued,failed,", {"statuses": (JobStatus.FAILED, JobStatus.QUEUED)}),
        ("status=failed&status=queued", {"statuses": (JobStatus.FAILED, JobStatus.QUEUED)}),
        ("status=&action=&cursor=&limit=", {}),
        ("action=vmaf", {"action": "vmaf"}),
        ("parent_id=0b6f", {"parent_id": "0b6f"}),
        ("created_from=2026-11-30T12:00:00Z", {"created_from": NOON}),
        ("created_from=2026-11-30T12:00:00", {"created_from": NOON}),
        ("created_from=2026-11-30T14:00:00%2B02:00", {"created_from": NOON}),
        ("created_from=2026-11-30T14:00:00+02:00", {"created_from": NOON}),
        ("created_before=2026-11-30", {"created_before": NOON - 12 * 3600}),
        ("created_before=2026-11-30%2012:00:00", {"created_before": NOON}),
        ("metadata.order=17", {"metadata": {"order": "17"}}),
        ("metadata%5Border%5D=17&metadata.a.b=", {"metadata": {"order": "17", "a.b": ""}}),
        ("metadata.=x&metadata.%22%C3%A9=y", {"metadata": {"": "x", '"é': "y"}}),
    ],
)
def test_filters(query: str, wanted: dict[str, Any]) -> None:
    assert read(query) == JobFilter(owner="me", **wanted)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("status=QUEUED", "status"),
        ("action=proces", "action"),
        ("created_from=yesterday", "created_from"),
        ("created_from=1764500000", "created_from"),
        ("created_before=2026-13-01", "created_before"),
        ("created_before=" + "9" * 1000, "created_before"),
        ("parent_id=../../etc", "parent_id"),
        ("parent_id=%00", "parent_id"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=" + "9" * 1000, "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=ten", "limit"),
        ("cursor=" + "9" * 2000, "cursor"),
        ("metadata.a=%00", "metadata.a"),
        ("metadata.%00=a", "metadata.\0"),
        ("metadata.a=1&metadata.a=2", "metadata.a"),
        ("metadata=x", "metadata"),
        ("metadata[a=x", "metadata[a"),
        ("&".join(f"metadata.k{number}=x" for number in range(9)), "metadata"),
        ("action=vmaf&action=probe", "action"),
        ("owner=other", "owner"),
        ("statuss=failed", "statuss"),
        ("x" * 5000 + "=1", "x" * 64),
    ],
)
def test_other_filters_are_refused(query: str, field: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read(query)
    assert caught.value.where == {"field": field}
    assert caught.value.hint
    assert len(caught.value.message) < 200


def test_the_nearest_name_is_suggested() -> None:
    for query, nearest in (("statuss=failed", "status"), ("action=proces", "process")):
        with pytest.raises(InvalidJob) as caught:
            read(query)
        assert caught.value.hint == f'Did you mean "{nearest}"?'


def test_cursor_and_limit() -> None:
    assert read_filter(request("cursor=17&limit=200"), "me")[1:] == ("17", 200)
    assert read_filter(request(), "me")[1:] == (None, 50)


@pytest.mark.parametrize("job_id", ["", "a/b", "a b", "é", "\0", "a\n", "x" * 129, "'; DROP TABLE"])
def test_an_id_that_no_job_has_is_not_looked_up(job_id: str) -> None:
    with pytest.raises(JobNotFound):
        read_job_id(request(path_params={"job_id": job_id}))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "²", "9" * 19, "9" * 100_000, " 1", "+1"])
def test_numbers(text: str) -> None:
    assert read_number("017", "after") == 17
    with pytest.raises(InvalidJob):
        read_number(text, "after")


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ([], None),
        ([""], None),
        (["  "], None),
        (["order-17"], "order-17"),
        ([' "order-17" '], "order-17"),
        (['"'], '"'),
        (['""'], None),
        (["x" * 255], "x" * 255),
        ([quote("é 🎬")], "%C3%A9%20%F0%9F%8E%AC"),
    ],
)
def test_idempotency_keys(headers: list[str], key: str | None) -> None:
    given = [(b"idempotency-key", header.encode()) for header in headers]
    assert read_idempotency_key(Request({"type": "http", "headers": given})) == key


@pytest.mark.parametrize("headers", [["x" * 256], ["é"], ["a\tb"], ["a\0"], ["a", "a"], ["", "a"]])
def test_other_idempotency_keys_are_refused(headers: list[str]) -> None:
    given = [(b"idempotency-key", header.encode()) for header in headers]
    with pytest.raises(InvalidJob) as caught:
        read_idempotency_key(Request({"type": "http", "headers": given}))
    assert caught.value.where == {"field": "idempotency_key"}
