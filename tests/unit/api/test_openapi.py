"""The OpenAPI document is complete, and a golden copy shows every change.

`UPDATE_GOLDEN=1 pytest tests/unit/api/test_openapi.py` rewrites the file; git shows what changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.health_report import Health
from ffmpeg_worker.api.openapi_operation import HEALTH_EXAMPLE
from ffmpeg_worker.api.openapi_parts import PROBLEM_EXAMPLE
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.parse import parse_action
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from support.servers.asgi_client import request
from support.servers.fake_services import make_fake_services

ROUTES = {action.name: f"/api{action.path}" for action in ACTIONS.values()}
GOLDEN = Path(__file__).parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(json.dumps(make_app(make_fake_services()).openapi()))


def walk(value: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its place; examples, and conditions in `not`, are left out."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            if key not in {"example", "examples", "default", "not"}:
                yield from walk(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}/{index}")


def test_the_golden_document_changes_only_on_purpose(document: Any) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    assert document == json.loads(GOLDEN.read_text())


def test_every_field_has_a_description_and_an_example(document: Any) -> None:
    bare = [
        f"{path}/properties/{name}"
        for path, schema in walk(document["components"]["schemas"])
        for name, field in schema.get("properties", {}).items()
        if isinstance(field, dict)
        and not (field.get("description") and ("examples" in field or "example" in field))
    ]
    assert bare == []


def test_every_schema_has_a_description(document: Any) -> None:
    assert [
        name for name, schema in document["components"]["schemas"].items() if not schema.get("description")
    ] == []


def test_the_title_names_the_packages_of_generated_clients(document: Any) -> None:
    assert document["info"]["title"] == "ffmpeg-worker"


def test_every_schema_is_valid(document: Any) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def test_every_example_is_what_its_schema_says(document: Any) -> None:
    given = [
        (path, node, example)
        for path, node in walk(document["components"]["schemas"])
        for example in node.get("examples", ())
    ]
    given += [  # of bodies and parameters
        (path, node["schema"], node["example"])
        for path, node in walk(document["paths"])
        if "schema" in node and "example" in node
    ]
    assert len(given) > 300
    wrong = [
        (path, example)
        for path, schema, example in given
        if not jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}).is_valid(
            example
        )
    ]
    assert wrong == []


def test_generators_make_optional_fields_of_one_type(document: Any) -> None:
    """Fields of requests have no default, which generators would require or send; nothing is "this or null"."""
    for path, schema in walk(document["components"]["schemas"]):
        assert "default" not in schema, path
        if None not in schema.get("examples", ()):  # where null is a value
            assert {"type": "null"} not in schema.get("anyOf", ()), path
        assert "oneOf" not in schema or "discriminator" in schema, path
        assert "allOf" not in schema, path


def test_what_every_result_has_is_required(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert {"outputs", "stats", "warnings"} <= set(schemas["ProcessResult"]["required"])
    assert "logs" not in schemas["ProcessResult"]["required"]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_smallest_request_has_the_required_fields_only(document: Any, action: str) -> None:
    schema = document["components"]["schemas"][document_name(action)]
    assert (
        set(schema.get("required", ()))
        == {
            "process": set(),  # commands or a preset, which `not` says
            "multi_process": {"processes"},
            "probe": {"input"},
            "vmaf": {"input1", "input2"},
            "canvas": {"json"},
            "canvas_preview": {"json"},
            "download": {"input"},
            "upload": {"input"},
        }[action]
    )


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("process", {"chainCmds": ""}),
    ("process", {"chainCmds": "-i a\0 b.mp4"}),
    ("process", {"chainCmds": []}),
    ("process", {}),
    ("process", {"chainCmds": "-i a b.mp4", "preset": "gif"}),
    ("process", {"chainCmds": [[]]}),
    ("process", {"chainCmds": "-i a b.mp4", "output": "a\nb.mp4"}),
    ("process", {"chainCmds": "-i a b.mp4", "output": ".hidden"}),
    ("process", {"chainCmds": "-i a b.mp4", "timeout": 1e300}),
    ("process", {"chainCmds": "-i a b.mp4", "inputs": {"a b": "x"}}),
    ("process", {"chainCmds": "-i a b.mp4", "inputs": {"a": {"url": ""}}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"bucket": "b", "url": "s3://b/k"}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"bucket": "b/c"}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"url": "ftp://h/k"}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"bucket": "b", "key": "a//b"}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"cloud_type": "HTTP"}}),
    ("process", {"chainCmds": "-i a b.mp4", "upload": {"cloud_type": "GCP", "credentials": {"aws_region": "x"}}}),
    (
        "process",
        {
            "chainCmds": "-i a b.mp4",
            "upload": {"bucket": "b"},
            "s3Config": {"accessId": "a", "accessSecret": "b", "bucketName": "c"},
        },
    ),
    ("upload", {"input": []}),
    ("canvas", {"json": {"layers": [{"type": "waveform"}]}}),
    ("canvas", {"json": {"layers": [{"type": "waveform", "src": "a", "layer": "b"}]}}),
    ("canvas", {"json": {"layers": [{"type": "subtitles"}]}}),
    ("canvas", {"json": {"layers": [{"type": "shape", "width": "0%"}]}}),
    ("canvas", {"json": {"layers": [{"type": "shape", "x": 1e6}]}}),
    ("canvas", {"json": {"layers": [{"type": "shape", "condition": "a = b"}]}}),
    ("canvas", {"json": {"layers": [{"type": "shape", "fill": "#12345"}]}}),
    ("canvas", {"json": {"layers": [{"type": "shape"}], "fps": "30/0"}}),
    ("canvas", {"json": {"layers": [{"type": "shape"}], "variables": {"a b": 1}}}),
    ("canvas", {"json": {"layers": [{"type": "shape"}]}, "crf": 20, "quality": "high"}),
    ("canvas", {"json": {"layers": [{"type": "shape"}]}, "audio": [{}]}),
    ("canvas", {"json": {"layers": [{"type": "shape"}]}, "output": "a.txt"}),
    ("canvas_preview", {"json": {"layers": [{"type": "shape"}]}, "t": 1e9}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "body"), REFUSED)
def test_the_schema_refuses_what_the_worker_refuses(document: Any, action: str, body: dict[str, Any]) -> None:
    schema = {"$ref": f"#/components/schemas/{document_name(action)}", "components": document["components"]}
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(body)
    received = JobBody(action, json.dumps(body).encode())
    with pytest.raises(InvalidJob):
        received.parse(received.decode())


def document_name(action: str) -> str:
    return ACTIONS[action].result.__name__.removesuffix("Result") + "Request"


def test_every_reference_leads_somewhere(document: Any) -> None:
    references = {node["$ref"] for _, node in walk(document) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_nothing_is_described_that_is_not_used(document: Any) -> None:
    used = {node["$ref"].rpartition("/")[2] for _, node in walk(document) if isinstance(node.get("$ref"), str)}
    assert document["components"]["schemas"].keys() == used


def test_every_operation_is_described(document: Any) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == len(ACTIONS) + 6 + 7 + 2 + 2 + 5 + 4
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_takes_its_data_and_the_common_fields(document: Any, action: str) -> None:
    operation = document["paths"][ROUTES[action]]["post"]
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    assert schema["properties"].keys() == set(field_names(ACTIONS[action].data)) | COMMON_FIELDS
    assert schema["additionalProperties"] is False
    assert schema.get("required") or "not" in schema


@pytest.mark.parametrize("action", ACTIONS)
def test_the_errors_of_an_action_are_problems(document: Any, action: str) -> None:
    responses = document["paths"][ROUTES[action]]["post"]["responses"]
    assert {"400", "401", "413", "415", "422", "500", "501", "503", "504"} < responses.keys()
    for status, response in responses.items():
        if status not in {"200", "202"}:
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_may_be_queued(document: Any, action: str) -> None:
    operation = document["paths"][ROUTES[action]]["post"]
    assert operation["responses"]["202"]["x-record"] == {"$ref": "#/components/schemas/QueuedJob"}
    assert "content" not in operation["responses"]["202"]  # generated clients have one type of result
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"async", "wait", "Prefer", "Idempotency-Key"} <= names


def test_a_record_has_the_documented_fields(document: Any) -> None:
    every = JobRecord(
        "job",
        "me",
        "process",
        JobStatus.FAILED,
        1,
        50,
        0.0,
        0.0,
        0.0,
        1,
        1,
        {},
        {},
        {},
        {},
        "place",
        True,
        "parent",
    )
    shown = {**every.as_json(), "status_url": "…"}
    assert shown.keys() == document["components"]["schemas"]["QueuedJob"]["properties"].keys()
    assert set(document["components"]["schemas"]["QueuedJob"]["required"]) <= {
        *JobRecord("job", "me", "process", JobStatus.QUEUED, 1, 50, 0.0).as_json(),
        "status_url",
    }


def test_inputs_are_files_or_texts(document: Any) -> None:
    assert {"FileSource", "TextSource"} < document["components"]["schemas"].keys()


@pytest.mark.parametrize("action", ACTIONS)
def test_example_requests_are_accepted(action: str) -> None:
    assert parse_action(action, dict(ACTIONS[action].request)).action == action


@pytest.mark.parametrize("action", ACTIONS)
def test_example_results_are_what_an_action_answers(action: str) -> None:
    response = ACTIONS[action].response
    assert ACTIONS[action].result.model_validate_json(json.dumps(response)).as_json() == response


def test_other_examples_are_what_is_answered() -> None:
    assert Problem.model_validate(PROBLEM_EXAMPLE).as_json() == PROBLEM_EXAMPLE
    assert Health.model_validate(HEALTH_EXAMPLE, strict=True).model_dump() == HEALTH_EXAMPLE


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_the_document_is_hidden_in_production(path: str) -> None:
    assert (await request(make_app(make_fake_services()), "GET", path)).status == 200
    hidden = await request(make_app(make_fake_services(env="production")), "GET", path)
    assert (hidden.status, hidden.json()["code"]) == (404, "unknown_route")
