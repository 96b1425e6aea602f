"""Readers of requests about queued jobs take time in proportion to what callers send."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Mapping

import pytest
from starlette.requests import Request

from ffmpeg_worker.api.idempotency import read_idempotency_key
from ffmpeg_worker.api.job_parameters import read_filter, read_job_id, read_number
from ffmpeg_worker.api.preferences import read_preferences
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.canonical_body import canonical_body
from ffmpeg_worker.job.job_body import JobBody
from support.growth import grows_linearly

LARGEST = 60_000
"""Bytes of the largest head that a server accepts, about."""


def header(name: str, text: str) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), text.encode("latin-1"))], "query_string": b""})


def query(text: str) -> Request:
    return Request({"type": "http", "headers": [], "query_string": text.encode()})


def canonical(text: str) -> bytes:
    body = {"chainCmds": "-i a b", "metadata": {f"{text}{index}": text for index in range(3)}}
    return canonical_body(JobBody("process", json.dumps({"input": body}).encode()), "process")


READERS: Mapping[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "Prefer": (
        lambda text: read_preferences(header("prefer", text)),
        ("wait=", "wait=1,", ",", ";", " ", '"', "=", "9", "0", "a=b;c,"),
    ),
    "Idempotency-Key": (
        lambda text: read_idempotency_key(header("idempotency-key", text)),
        ('"', " ", "a", "\xe9"),
    ),
    "filter": (
        lambda text: read_filter(query(text), "me"),
        (
            "status=failed&",
            "status=failed,",
            "metadata.a=",
            "metadata[a]",
            "&",
            "a=1&",
            "created_from=+",
            "%00",
            "9",
        ),
    ),
    "status": (lambda text: read_filter(query(f"status={text}"), "me"), (",", "failed,", " ", "%20")),
    "time": (lambda text: read_filter(query(f"created_from={text}"), "me"), ("2026-", ":", "+", "%20", "9")),
    "limit": (lambda text: read_filter(query(f"limit={text}"), "me"), ("0", "9", "%20")),
    "number": (lambda text: read_number(text, "after"), ("0", "9", " ")),
    "id": (lambda text: read_job_id(Request({"type": "http", "path_params": {"job_id": text}})), ("a", "/", "\0")),
    "body": (canonical, ("a", " ", "\u2028", '"', "{")),
}


@pytest.mark.parametrize("name", READERS)
def test_readers(name: str) -> None:
    read, fragments = READERS[name]

    def run(text: str) -> None:
        with contextlib.suppress(WorkerError):
            read(text)

    for end, fragment in itertools.product(("", "!"), fragments):
        largest = LARGEST // len(fragment)
        assert grows_linearly(run, lambda size: fragment * size + end, largest=largest), fragment  # noqa: B023
