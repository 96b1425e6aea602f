"""From JSON to jobs: both spellings, and errors that say what to change."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.process import ProcessJob
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.sources import FileSource, TextSource

CHAIN = ["-i", "a.mp4", "b.mp4"]


def test_both_spellings_make_the_same_job() -> None:
    data = {"chainCmds": CHAIN, "output": "b.mp4"}
    by_action = parse_job({"action": "process", "data": data, "timeout": 5, "inputs": ["a.mp4"]})
    by_path = parse_job({"path": "/ffmpeg/process", "body": data, "timeout": 5, "inputs": ["a.mp4"]})
    by_api_path = parse_job({"path": "/api/ffmpeg/process", "body": data, "timeout": 5, "inputs": ["a.mp4"]})
    by_route = parse_action("process", {**data, "timeout": 5, "inputs": ["a.mp4"]})
    assert by_action == by_path == by_api_path == by_route
    assert isinstance(by_action, ProcessJob)
    assert by_action.data.output == ("b.mp4",)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action(action: Action) -> None:
    by_action = parse_job({"action": action.name, "data": dict(action.request)})
    by_path = parse_job({"path": action.path, "body": dict(action.request)})
    assert type(by_action) is action.job
    assert type(by_action.data) is action.data
    assert by_action == by_path


def test_inputs_in_every_form() -> None:
    job = parse_job(
        {
            "action": "probe",
            "data": {"input": "in_1"},
            "inputs": {
                "in_1": "a.mp4",
                "in_2": {"url": "b.mp4", "headers": {"A": "b"}, "sha256": "0" * 64},
                "subs": {"content": "text", "name": "a.srt"},
            },
        }
    )
    assert job.inputs == {
        "in_1": FileSource(url="a.mp4"),
        "in_2": FileSource(url="b.mp4", headers={"A": SecretStr("b")}, sha256="0" * 64),
        "subs": TextSource(content="text", name="a.srt"),
    }


@pytest.mark.parametrize("inputs", [["a.mp4", "b.mp4"], [{"url": "a.mp4"}, {"url": "b.mp4"}]])
def test_a_list_of_inputs_is_numbered(inputs: list[Any]) -> None:
    beside = parse_job({"action": "probe", "data": {"input": "in_1"}, "inputs": inputs})
    inside = parse_job({"action": "probe", "data": {"input": "in_1", "inputs": inputs}})
    assert beside == inside
    assert beside.inputs == {"in_1": FileSource(url="a.mp4"), "in_2": FileSource(url="b.mp4")}


BAD: list[tuple[Any, str, str | None, str]] = [
    ([], "invalid_job", None, "object"),
    ({}, "invalid_job", "action", "action"),
    ({"action": "proces", "data": {}}, "unknown_action", "action", '"process"'),
    ({"action": 5, "data": {}}, "unknown_action", "action", "type"),
    ({"path": "/ffmpeg/prob", "body": {}}, "unknown_action", "path", "/ffmpeg/probe"),
    ({"action": "probe", "path": "/ffmpeg/probe", "data": {}}, "invalid_job", None, "not both"),
    ({"action": "probe"}, "missing_field", "data", "data"),
    ({"path": "/ffmpeg/probe"}, "missing_field", "body", "body"),
    ({"action": "probe", "data": []}, "invalid_job", "data", "object"),
    ({"action": "probe", "data": {}}, "missing_field", "data.input", "required"),
    ({"path": "/ffmpeg/probe", "body": {}}, "missing_field", "body.input", "required"),
    ({"action": "probe", "data": {"inptu": "a"}}, "unknown_field", "data.inptu", '"input"'),
    ({"action": "probe", "data": {"input": "a"}, "timeuot": 1}, "unknown_field", "timeuot", '"timeout"'),
    ({"action": "probe", "data": {"input": "a", "metdata": {}}}, "unknown_field", "data.metdata", '"metadata"'),
    ({"action": "probe", "data": {"input": 5}}, "invalid_value", "data.input", "text"),
    ({"action": "probe", "data": {"input": "a"}, "timeout": "9s"}, "invalid_value", "timeout", "number"),
    ({"action": "probe", "data": {"input": "a"}, "timeout": 0}, "invalid_value", "timeout", "greater"),
    ({"action": "probe", "data": {"input": "a"}, "timeout": True}, "invalid_value", "timeout", "number"),
    ({"action": "probe", "data": {"input": "a", "timeout": 1}, "timeout": 2}, "invalid_job", None, "both"),
    ({"action": "process", "data": {"chainCmds": CHAIN, "output": "../b"}}, "path_outside_root", None, ".."),
    ({"action": "process", "data": {"chainCmds": CHAIN, "output": "a" * 300}}, "invalid_name", None, "255"),
    ({"action": "process", "data": {"chainCmds": CHAIN, "output": "a\nb.mp4"}}, "invalid_name", None, "newline"),
    ({"action": "process", "data": {"chainCmds": CHAIN, "output": [""]}}, "invalid_name", None, "no file"),
    ({"action": "process", "data": {"chainCmds": "-i 'a"}}, "invalid_value", "data.chainCmds", "closed"),
    ({"action": "multi_process", "data": {"processes": []}}, "invalid_value", "data.processes", "at least 1"),
    (
        {"action": "multi_process", "data": {"processes": [{"chainCmds": CHAIN}] * 51}},
        "invalid_value",
        "data.processes",
        "50",
    ),
    (
        {"action": "multi_process", "data": {"processes": [{"chainCmds": CHAIN}, {"chainCmd": CHAIN}]}},
        "unknown_field",
        "data.processes[1].chainCmd",
        '"chainCmds"',
    ),
    (
        {"action": "download", "data": {"input": {"url": "https://h/a", "hedaers": {}}}},
        "unknown_field",
        "data.input.hedaers",
        '"headers"',
    ),
    (
        {"action": "probe", "data": {"input": "a"}, "upload": {"buket": "b"}},
        "unknown_field",
        "upload.buket",
        '"bucket"',
    ),
    (
        {"action": "canvas", "data": {"layers": [{"type": "text", "text": "x"}], "poster": {"tmie": 1}}},
        "unknown_field",
        "data.poster.tmie",
        '"time"',
    ),
    (
        {"action": "probe", "data": {"input": "a"}, "inputs": {"a": {"ulr": "x"}}},
        "unknown_field",
        "inputs.a.ulr",
        '"url"',
    ),
    ({"action": "probe", "data": {"input": "a"}, "inputs": {"a b": "x"}}, "invalid_value", "inputs", "letters"),
    ({"action": "probe", "data": {"input": "a", "inputs": 5}}, "invalid_value", "data.inputs", ""),
    (
        {"action": "vmaf", "data": {"input1": "a", "input2": "b", "features": ["psnrr"]}},
        "invalid_value",
        "data.features[0]",
        "psnr",
    ),
    (
        {"action": "vmaf", "data": {"input1": "a", "input2": "b", "subsample": 0}},
        "invalid_value",
        "data.subsample",
        "greater",
    ),
]


@pytest.mark.parametrize(("job", "code", "field", "word"), BAD)
def test_refused(job: Any, code: str, field: str | None, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job(job)
    error = caught.value
    assert error.code == code
    assert field is None or error.where == {"field": field}
    assert word in f"{error.message} {error.hint}"


def test_no_submitted_value_is_echoed() -> None:
    secret = "canary-7f3a"
    with pytest.raises(InvalidJob) as caught:
        parse_job({"action": "probe", "data": {"input": [secret]}, "inputs": {"a": {"url": 5, "headers": secret}}})
    assert secret not in str(caught.value.as_problem())


@pytest.mark.parametrize(
    ("written", "read"), [("auto", "auto"), (False, False), (4, 4), ("64", 64), (2.0, 2), (None, None)]
)
def test_parallel(written: Any, read: Any) -> None:
    job = parse_job({"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4", "parallel": written}})
    assert isinstance(job, ProcessJob)
    assert job.data.parallel == read


@pytest.mark.parametrize("written", [True, 0, 1, 65, 2.5, "AUTO", [4], {}, -3, float("inf")])
def test_parallel_that_cannot_be_read(written: Any) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job({"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4", "parallel": written}})
    assert str(caught.value).startswith('"data.parallel" must be "auto", false, or a whole number from 2 to 64.')
