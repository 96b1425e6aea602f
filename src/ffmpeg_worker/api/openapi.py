"""The OpenAPI document.

It is made from the models of the actions: the endpoints parse bodies and write results without FastAPI, so FastAPI
does not know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.routing import BaseRoute

from ffmpeg_worker.api.health_report import Health
from ffmpeg_worker.api.openapi_schemas import REF, find_references, request_rule, request_schemas, result_schemas
from ffmpeg_worker.api.problems import PROBLEM_TYPE, STATUS_MEANINGS
from ffmpeg_worker.api.routes.actions import PNG_TYPE
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_TYPE
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.job import CommonFields
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job.sources import FileSource, TextSource

TITLE = "ffmpeg-worker"
"""The name of the program: generators call their packages after it, such as `ffmpeg_worker_client`."""

_DESCRIPTION = """
Turns JSON jobs into media. The response to a job comes when the job has ended; closing the connection stops it.
Every response has the header `X-Job-Id`. Errors are `application/problem+json`: `code` names the error, `fault`
says who must act, and `retryable` whether the same request may work later.

With `Accept: application/x-ndjson`, a job that takes more than half a second first sends lines
`{"progress": JobEvent}`, then a line `{"status": 200}` and the body of the response on one line.

Optional fields may be left out; null and an empty text mean the same. Schemas of requests have no `default`, so
that generated clients send only what their callers give: descriptions name the defaults.
"""
# No caller receives 499, 405 is the response to another method than the documented one, and the others belong to
# routes with outputs.
_JOB_PROBLEMS = [status for status in STATUS_MEANINGS if status not in {405, 410, 412, 416, 499}]

PROBLEM_EXAMPLE: Mapping[str, Any] = {
    "error": "This FFmpeg has no encoder named 'libx265x'.",
    "code": "encoder_unknown",
    "fault": "caller",
    "retryable": False,
    "where": {"command": 0, "argument": "-c:v", "encoder": "libx265x"},
    "hint": "Did you mean 'libx265'?",
    "stderr": "Unknown encoder 'libx265x'",
    "job_id": JOB_ID,
}

HEALTH_EXAMPLE: Mapping[str, Any] = {
    "status": "ok",
    "version": "1.0.0",
    "uptime_seconds": 86400.0,
    "ffmpeg": {"version": "n9.0.2", "source": "embedded"},
    "probe": "ffprobe",
    "capabilities": {
        "encoders": 229,
        "decoders": 557,
        "filters": 562,
        "muxers": 185,
        "demuxers": 371,
        "hwaccels": ["cuda", "vaapi"],
        "main_encoders": ["libx264", "libx265", "aac"],
    },
    "sandbox": {"level": "full", "landlock_abi": 7},
    "gpu": {
        "count": 1,
        "name": "NVIDIA L4",
        "encoders": ["av1_nvenc", "h264_nvenc", "hevc_nvenc"],
        "decoders": ["av1", "h264", "hevc"],
        "reason": None,
    },
    "canvas": {"available": True, "missing": []},
    "active_jobs": 2,
    "max_concurrency": 8,
}


def describe_route(action: Action) -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document the route of an action."""
    result = _content("The result.", "application/json", action.result.__name__, action.response)
    # Not as content of the response: generators of clients would take it for another shape of the result.
    result["x-progress"] = {"$ref": REF + JobEvent.__name__}
    if action.returns_png:
        result["content"] |= {PNG_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    body = _content_type("application/json", _request_name(action), action.request)
    return {
        "operation_id": action.name,
        "summary": action.summary,
        "description": action.data.__doc__ or "",
        "tags": ["jobs"],
        "responses": {200: result, **_problems(_JOB_PROBLEMS)},
        "openapi_extra": {
            **({"parameters": _query_parameters(action.query)} if action.query else {}),
            "requestBody": {"required": True, "content": body},
        },
    }


def describe_schema_route() -> dict[str, Any]:
    """Return the same for the JSON Schema of compositions."""
    content = {SCHEMA_TYPE: {"schema": {"type": "object"}}}
    return {
        "operation_id": "canvas_schema",
        "summary": "The JSON Schema of compositions",
        "description": "For editors: every key with its description, default and example. No API key is needed.",
        "tags": ["operation"],
        "responses": {200: {"description": "The schema, draft 2020-12.", "content": content}},
        "openapi_extra": {"security": []},
    }


def describe_health_route() -> dict[str, Any]:
    """Return the same for `/health`."""
    return {
        "operation_id": "health",
        "summary": "State of the worker",
        "description": "200 while the worker accepts jobs. Details need an API key where keys are configured.",
        "tags": ["operation"],
        "responses": {
            200: _content("The worker accepts jobs.", "application/json", "Health", HEALTH_EXAMPLE),
            503: _content("The worker accepts no jobs.", "application/json", "Health", {"status": "closing"}),
        },
    }


def describe_metrics_route() -> dict[str, Any]:
    """Return the same for `/metrics`."""
    return {
        "operation_id": "metrics",
        "summary": "Metrics for Prometheus",
        "description": "Jobs by action and outcome, durations of jobs, requests, and the process itself.",
        "tags": ["operation"],
        "responses": {200: {"description": "Metrics in the text format of Prometheus."}, **_problems([401])},
    }


def make_document(routes: Sequence[BaseRoute], version: str) -> dict[str, Any]:
    """Make the document for the routes of the application."""
    document = get_openapi(title=TITLE, version=version, description=_DESCRIPTION.strip(), routes=routes)
    document["components"] = {
        "schemas": _schemas(),
        "securitySchemes": {
            "ApiKey": {"type": "http", "scheme": "bearer"},
            "ApiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    }
    document["security"] = [{"ApiKey": []}, {"ApiKeyHeader": []}, {}]
    return document


def _query_parameters(model: type[FrozenModel]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": rule.pop("description"),
            "example": rule.pop("examples")[0],
            "schema": rule,
        }
        for name, rule in request_rule(model.model_json_schema())["properties"].items()
    ]


def _problems(statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    return {
        status: _content(
            STATUS_MEANINGS[status], PROBLEM_TYPE, Problem.__name__, PROBLEM_EXAMPLE if status == 422 else None
        )
        for status in statuses
    }


def _content(description: str, media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    return {"description": description, "content": _content_type(media_type, schema, example)}


def _content_type(media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": {"$ref": REF + schema}}
    return {media_type: body if example is None else {**body, "example": example}}


def _schemas() -> dict[str, Any]:
    actions = ACTIONS.values()
    received: list[type[BaseModel]] = [CommonFields, FileSource, TextSource, Composition]
    requests = request_schemas([*received, *(action.data for action in actions)])
    schemas = {**requests, **result_schemas([*(action.result for action in actions), Problem, Health, JobEvent])}
    # Counts of bytes have a default, but are left out while they are 0.
    schemas[JobEvent.__name__]["required"] = ["stage", "percent"]
    common = schemas.pop(CommonFields.__name__)
    for action in actions:
        schemas[_request_name(action)] = _request_schema(
            _request_name(action), schemas[action.data.__name__], common
        )
    # Requests have taken the place of data that nothing else contains.
    data_only = {action.data.__name__ for action in actions} - find_references(schemas)
    return {name: schema for name, schema in sorted(schemas.items()) if name not in data_only}


def _request_schema(name: str, data: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """Join the schemas of an action's data and of the common fields."""
    excluded = [rules["not"] for rules in (data, common) if "not" in rules]
    return {
        **data,
        "title": name,
        "properties": data["properties"] | common["properties"],
        **({"not": {"anyOf": excluded}} if excluded else {}),
    }


def _request_name(action: Action) -> str:
    return action.result.__name__.removesuffix("Result") + "Request"
