"""Jobs in the object that RunPod's clients put around them, at every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.cli.composition_file import read_composition_file
from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.actions.download import DownloadData
from ffmpeg_worker.job.actions.probe import ProbeData
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.runpod_worker.request import read_request

ROOT = Path(__file__).parents[3]
COMMAND = "-i a.mp4 b.mp4"
DATA = {"chainCmds": COMMAND}
JOB: dict[str, Any] = {"action": "process", "data": DATA}
OTHER = {"path": "/ffmpeg/process", "body": DATA}


def command_of(job: Any) -> Any:
    assert isinstance(job.data, ProcessData)
    return job.data.chainCmds


@pytest.mark.parametrize(
    "value", [JOB, OTHER, {"input": JOB}, {"input": OTHER}, {"input": {"input": JOB}}, {"id": "7", "input": JOB}]
)
def test_a_job_in_an_envelope_is_the_job(value: Any) -> None:
    assert command_of(parse_job(value)) == command_of(parse_job(JOB))


@pytest.mark.parametrize("body", [DATA, {"input": DATA}, {"input": JOB}, JOB, OTHER, {"input": {"input": OTHER}}])
def test_the_route_of_an_action_takes_its_body_and_whole_jobs(body: Any) -> None:
    assert command_of(parse_action("process", body)) == command_of(parse_job(JOB))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples/runpod-console").glob("*.json")), ids=lambda path: path.stem
)
def test_our_own_requests_for_runpod_are_jobs(path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    assert "input" in value
    assert parse_job(value).action


def test_a_composition_for_runpod_is_a_composition_file(tmp_path: Path) -> None:
    body = {"json": {"layers": []}, "output": "x.mp4"}
    file = tmp_path / "film.json"
    file.write_text(json.dumps({"input": {"path": "/canvas/process", "body": body}}), encoding="utf-8-sig")
    assert read_composition_file(str(file)) == body


def test_fields_beside_the_input_are_those_of_the_job() -> None:
    job = parse_job({"input": JOB, "metadata": {"order": 7}, "policy": {"executionTimeout": 20_000}})
    assert (job.metadata, job.timeout) == ({"order": 7}, 19.0)
    assert parse_job({"input": {**JOB, "timeout": 5}, "policy": {"executionTimeout": 20_000}}).timeout == 5
    config = {"accessId": "a", "accessSecret": "b", "bucketName": "c", "endpointUrl": "https://s3.example"}
    assert parse_job({"input": JOB, "s3Config": config}).s3Config is not None
    kept = parse_job({"input": {**JOB, "upload": {"cloud_type": "LOCAL", "key": "x/"}}, "s3Config": config})
    assert kept.s3Config is None


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"input": JOB, "metadatas": {}}, "unknown_field", "metadatas"),
        ({"input": {**JOB, "timeout": 1}, "timeout": 2}, "invalid_job", "timeout"),
        (
            {"input": {**JOB, "webhook": "https://x.example"}, "webhook": "https://y.example"},
            "invalid_job",
            "webhook",
        ),
        ({"input": {}}, "invalid_job", "action"),
    ],
)
def test_what_is_wrong_with_an_envelope(value: Any, code: str, field: str) -> None:
    with pytest.raises((InvalidJob, UnsupportedFeature)) as caught:
        parse_job(value)
    assert (caught.value.code, caught.value.where) == (code, {"field": field})


def test_an_action_with_a_field_of_the_same_name_keeps_it() -> None:
    probe = parse_action("probe", {"input": "a.mp4"})
    assert isinstance(probe.data, ProbeData)
    assert probe.data.input == "a.mp4"
    assert parse_action("probe", {"input": {"input": "a.mp4"}}).data == probe.data
    download = parse_action("download", {"input": {"url": "https://a.example/a.mp4"}, "output": "a.mp4"})
    assert isinstance(download.data, DownloadData)
    assert isinstance(download.data.input, FileSource)
    wrapped = {"input": {"input": {"url": "https://a.example/a.mp4"}, "output": "a.mp4"}}
    assert parse_action("download", wrapped).data == download.data


def test_a_whole_job_on_the_route_of_another_action_is_refused() -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_action("probe", {"input": JOB})
    assert (caught.value.code, caught.value.where) == ("unknown_action", {"field": "action"})
    assert caught.value.hint == "Send it to /api/ffmpeg/process."


def test_runpod_unwraps_a_job_that_was_wrapped_twice() -> None:
    request = read_request({"id": "x", "input": {"input": OTHER}}, max_bytes=1 << 20)
    assert (request.action, json.loads(request.body)) == ("process", DATA)
