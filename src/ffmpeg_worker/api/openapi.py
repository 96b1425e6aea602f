"""The OpenAPI document: made from the models, since bodies and results pass the framework by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from ffmpeg_worker.api.actions import PICTURE_TYPE
from ffmpeg_worker.api.composition_schema import MEDIA_TYPE as SCHEMA_TYPE
from ffmpeg_worker.api.examples import HEALTH, PROBLEM, REQUESTS, RESULTS
from ffmpeg_worker.api.health import Health
from ffmpeg_worker.api.problems import MEANINGS, MEDIA_TYPE
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.limits import MAX_SIDE
from ffmpeg_worker.job.actions.canvas import PreviewData
from ffmpeg_worker.job.common_fields import CommonFields
from ffmpeg_worker.job.parse import DATA_TYPES
from ffmpeg_worker.job.result import (
    CanvasResult,
    DownloadResult,
    JobResult,
    MultiProcessResult,
    PreviewResult,
    ProbeResult,
    Problem,
    ProcessResult,
    UploadResult,
    VmafResult,
)
from ffmpeg_worker.job.sources import FileSource, TextSource

RESULT_TYPES: Mapping[str, type[JobResult]] = MappingProxyType(
    {
        "process": ProcessResult,
        "multi_process": MultiProcessResult,
        "probe": ProbeResult,
        "vmaf": VmafResult,
        "canvas": CanvasResult,
        "canvas_preview": PreviewResult,
        "download": DownloadResult,
        "upload": UploadResult,
    }
)

_REF = "#/components/schemas/"
_SUMMARIES = {
    "process": "Run one FFmpeg command, or a chain of them",
    "multi_process": "Run many FFmpeg commands in parallel",
    "probe": "Read media information",
    "vmaf": "Measure the quality of one video against another",
    "canvas": "Render a JSON composition to a video",
    "canvas_preview": "Render one picture of a JSON composition",
    "download": "Bring a file from elsewhere to the data root",
    "upload": "Bring files of the data root elsewhere",
}
_DESCRIPTION = """
Turns JSON jobs into media. A job is answered when it has ended; when the caller hangs up, it is stopped.
Every response carries `X-Job-Id`. Errors are `application/problem+json`: `code` says what, `fault` who must act,
`retryable` whether the same request may work later.
"""
# 499 never arrives, and 405 is about another method than the documented one.
_JOB_PROBLEMS = [status for status in MEANINGS if status not in {405, 499}]


def action_operation(action: str) -> dict[str, Any]:
    """What a framework's route needs to know of an action for the document."""
    result = _content("The result.", "application/json", RESULT_TYPES[action].__name__, RESULTS[action])
    more: dict[str, Any] = {}
    if action == "canvas_preview":
        result["content"] |= {PICTURE_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        more = {"parameters": _preview_query()}
    return {
        "operation_id": action,
        "summary": _SUMMARIES[action],
        "description": DATA_TYPES[action].__doc__ or "",
        "tags": ["jobs"],
        "responses": {200: result, **_problems(_JOB_PROBLEMS)},
        "openapi_extra": {
            **more,
            "requestBody": {
                "required": True,
                "content": _content_type("application/json", _request_name(action), REQUESTS[action]),
            },
        },
    }


def schema_operation() -> dict[str, Any]:
    """The same for the schema of compositions."""
    content = {SCHEMA_TYPE: {"schema": {"type": "object"}}}
    return {
        "operation_id": "canvas_schema",
        "summary": "The JSON Schema of compositions",
        "description": "For editors: every key with its description, default and example. Needs no API key.",
        "tags": ["operation"],
        "responses": {200: {"description": "The schema, draft 2020-12.", "content": content}},
        "openapi_extra": {"security": []},
    }


def _preview_query() -> list[dict[str, Any]]:
    """The body's fields of these names, which those of the address come before."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"{PreviewData.model_fields[name].description} Comes before the body's.",
            "schema": rule,
            "example": example,
        }
        for name, rule, example in (
            ("t", {"type": "number", "minimum": 0}, 2.5),
            ("width", {"type": "integer", "minimum": 2, "maximum": MAX_SIDE}, 640),
        )
    ]


def health_operation() -> dict[str, Any]:
    """The same for `/health`."""
    return {
        "operation_id": "health",
        "summary": "How the worker is",
        "description": "200 as soon as jobs can be taken. Details need an API key where keys are configured.",
        "tags": ["operation"],
        "responses": {
            200: _content("Jobs are taken.", "application/json", "Health", HEALTH),
            503: _content("No jobs are taken.", "application/json", "Health", {"status": "closing"}),
        },
    }


def metrics_operation() -> dict[str, Any]:
    """The same for `/metrics`."""
    return {
        "operation_id": "metrics",
        "summary": "Numbers for Prometheus",
        "description": "Jobs by action and outcome, their seconds, requests, and the process itself.",
        "tags": ["operation"],
        "responses": {200: {"description": "Prometheus' text format."}, **_problems([401])},
    }


def make_document(routes: Sequence[BaseRoute], version: str) -> dict[str, Any]:
    """The whole document for an app's routes."""
    document = get_openapi(title="FFmpeg Worker", version=version, description=_DESCRIPTION.strip(), routes=routes)
    document["components"] = {
        "schemas": _schemas(),
        "securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}},
    }
    document["security"] = [{"ApiKey": []}, {}]
    return document


def _problems(statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    return {
        status: _content(MEANINGS[status], MEDIA_TYPE, Problem.__name__, PROBLEM if status == 422 else None)
        for status in statuses
    }


def _content(description: str, media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    return {"description": description, "content": _content_type(media_type, schema, example)}


def _content_type(media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": {"$ref": _REF + schema}}
    return {media_type: body if example is None else {**body, "example": example}}


def _schemas() -> dict[str, Any]:
    received: list[type[BaseModel]] = [CommonFields, FileSource, TextSource, Composition, *DATA_TYPES.values()]
    sent: list[type[BaseModel]] = [*RESULT_TYPES.values(), Problem, Health]
    _, definitions = models_json_schema(
        [*((model, "validation") for model in received), *((model, "serialization") for model in sent)],
        ref_template=_REF + "{model}",
    )
    schemas: dict[str, Any] = {name: _untitled(schema) for name, schema in definitions["$defs"].items()}
    common = schemas.pop(CommonFields.__name__)
    for action, data_type in DATA_TYPES.items():
        data = schemas[data_type.__name__]
        schemas[_request_name(action)] = {
            **data,
            "title": _request_name(action),
            "properties": data["properties"] | common["properties"],
        }
    for action in [name for name in DATA_TYPES if name != "process"]:
        del schemas[DATA_TYPES[action].__name__]
    return dict(sorted(schemas.items()))


def _untitled(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without the titles that were guessed from the fields' names."""
    if "properties" not in schema:
        return dict(schema)
    properties = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _request_name(action: str) -> str:
    return RESULT_TYPES[action].__name__.removesuffix("Result") + "Request"
