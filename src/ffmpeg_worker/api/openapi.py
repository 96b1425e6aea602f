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

from ffmpeg_worker.api.canvas_examples import CanvasExampleList
from ffmpeg_worker.api.delivery_report import DeliveryList
from ffmpeg_worker.api.form import FORM_TYPE
from ffmpeg_worker.api.health_report import Health
from ffmpeg_worker.api.openapi_files import form_content
from ffmpeg_worker.api.openapi_jobs import ACCEPTED, SENDING_PARAMETERS
from ffmpeg_worker.api.openapi_parts import JOB_PROBLEMS, content, content_type, problems, query_parameters
from ffmpeg_worker.api.openapi_schemas import REF, find_references, request_schemas, result_schemas
from ffmpeg_worker.api.plan_report import PlanReport
from ffmpeg_worker.api.queued_job import JobLogPage, JobPage, QueuedJob
from ffmpeg_worker.api.routes.actions import PNG_TYPE
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_TYPE
from ffmpeg_worker.api.stored_file import FilePage, StoredFile, StoredFiles, UnfinishedFile
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job import CommonFields
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.presets.describe_preset import PresetList

TITLE = "ffmpeg-worker"
"""The name of the program: generators call their packages after it, such as `ffmpeg_worker_client`."""

_DESCRIPTION = """
Turns JSON jobs into media. The response to a job comes when the job has ended; closing the connection stops it.
Queued jobs are answered at once, go on without their caller, and survive restarts: `POST /api/jobs`, or
`?async=true` on the route of an action.
Every response has the header `X-Job-Id`. Errors are `application/problem+json`: `code` names the error, `fault`
says who must act, and `retryable` whether the same request may work later.

With `Accept: application/x-ndjson`, a job that takes more than half a second first sends lines
`{"progress": JobEvent}`, then a line `{"status": 200}` and the body of the response on one line.

Optional fields may be left out; null and an empty text mean the same. Schemas of requests have no `default`, so
that generated clients send only what their callers give: descriptions name the defaults.
"""


def describe_route(action: Action) -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document the route of an action."""
    result = content("The result.", "application/json", action.result.__name__, action.response)
    # Not as content of the response: generators of clients would take it for another shape of the result.
    result["x-progress"] = {"$ref": REF + JobEvent.__name__}
    result["x-files"] = "With Accept: application/octet-stream, or ?download=1: the output, or a ZIP of several."
    if action.returns_png:
        result["content"] |= {PNG_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    body = content_type("application/json", _request_name(action), action.request)
    body |= {FORM_TYPE: form_content(_request_name(action))}
    return {
        "operation_id": action.name,
        "summary": action.summary,
        "description": action.data.__doc__ or "",
        "tags": ["jobs"],
        "responses": {200: result, 202: ACCEPTED, **problems(JOB_PROBLEMS)},
        "openapi_extra": {
            "parameters": [*(query_parameters(action.query) if action.query else ()), *SENDING_PARAMETERS],
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


def _schemas() -> dict[str, Any]:
    actions = ACTIONS.values()
    received: list[type[BaseModel]] = [CommonFields, FileSource, TextSource, Composition]
    queued = (QueuedJob, JobPage, JobLogPage)
    requests = request_schemas([*received, *(action.data for action in actions)])
    files = (StoredFile, StoredFiles, FilePage, UnfinishedFile)
    planned = (PlanReport, CanvasExampleList)
    others = (Problem, Health, DeliveryList, JobEvent, PresetList, *queued, *files, *planned)
    schemas = {**requests, **result_schemas([*(action.result for action in actions), *others])}
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
