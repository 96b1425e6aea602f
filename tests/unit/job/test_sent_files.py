"""Files that were sent with a job, as inputs of its JSON."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.sent_files import add_sent_files
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.stored_body import open_body, pack_body

FILES = {"in_1": "in_1/a.mov"}


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ({"x": 1}, {"x": 1, "inputs": FILES}),
        ({"inputs": None}, {"inputs": FILES}),
        ({"inputs": {"b": "c"}}, {"inputs": {"b": "c", **FILES}}),
        ({"data": {"inputs": {"b": "c"}}}, {"data": {"inputs": {"b": "c", **FILES}}}),
        ({"input": {"body": {"inputs": {"b": "c"}}}}, {"input": {"body": {"inputs": {"b": "c", **FILES}}}}),
        ({"input": {"url": "x"}}, {"input": {"url": "x"}, "inputs": FILES}),
        ({"inputs": "wrong"}, {"inputs": "wrong"}),
        ([1], [1]),
    ],
)
def test_they_join_the_inputs_where_these_stand(job: Any, expected: Any) -> None:
    assert add_sent_files(job, FILES) == expected


@pytest.mark.parametrize("inputs", [{"in_1": "other"}, ["other"]])
def test_an_input_of_the_same_name_is_refused(inputs: Any) -> None:
    with pytest.raises(InvalidJob, match="in_1"):
        add_sent_files({"inputs": inputs}, FILES)


def test_a_list_keeps_its_names() -> None:
    assert add_sent_files({"inputs": ["a"]}, {"in_2": "b"}) == {"inputs": {"in_1": "a", "in_2": "b"}}


def test_a_stored_body_keeps_files_and_trace() -> None:
    seal = Seal("secret")
    body = JobBody("process", b"{}", {"a": "b"}, files=FILES, trace={"traceparent": "x"})
    assert open_body(seal, seal.seal(pack_body(body))) == body
    plain = JobBody("process", b"{}")
    assert pack_body(plain) == b'{"action":"process","query":{},"content":"{}"}'
