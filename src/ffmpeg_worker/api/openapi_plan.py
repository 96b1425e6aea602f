"""The OpenAPI document of the routes that plan a job without running it, and of the example compositions."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.api.canvas_examples import CanvasExampleList
from ffmpeg_worker.api.openapi_parts import JOB_ID_PARAMETER, content, parameter, problems
from ffmpeg_worker.api.plan_report import PlanReport

_EXAMPLE = {
    "action": "process",
    "complete": True,
    "inputs": [{"name": "film.mp4", "source": "film.mp4", "is_media": True}],
    "processes": [
        {
            "steps": [{"kind": "ffmpeg", "command": "ffmpeg -i film.mp4 -crf 26 small.mp4"}],
            "outputs": ["small.mp4"],
            "warnings": [],
        }
    ],
    "shared_decoding": [],
    "warnings": [],
}
_JOB_EXAMPLE = {"action": "process", "data": {"chainCmds": "ffmpeg -i film.mp4 -crf 26 small.mp4"}}
_PLANNED = content("The plan.", "application/json", PlanReport.__name__, _EXAMPLE)


def describe_plan_route() -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document `POST /api/plan`."""
    body = {"application/json": {"schema": {"type": "object"}, "example": _JOB_EXAMPLE}}
    return {
        "operation_id": "plan_job",
        "summary": "What a job would do",
        "description": "Takes a whole job, as `POST /api/jobs` does, and answers with its inputs, commands and "
        "outputs. Nothing is fetched and nothing runs. Secrets are removed.",
        "tags": ["jobs"],
        "responses": {200: _PLANNED, **problems([400, 401, 408, 413, 415, 422, 429, 501, 503])},
        "openapi_extra": {"requestBody": {"required": True, "content": body}},
    }


def describe_queued_plan_route() -> dict[str, Any]:
    """Return the same for `GET /api/jobs/{id}/plan`."""
    return {
        "operation_id": "show_job_plan",
        "summary": "What a queued job does",
        "description": "The plan of a job that was sent: its inputs, commands and outputs, without secrets.",
        "tags": ["queued jobs"],
        "responses": {200: _PLANNED, **problems([401, 404, 422, 429, 501, 503])},
        "openapi_extra": {"parameters": [JOB_ID_PARAMETER]},
    }


def describe_examples_route() -> dict[str, Any]:
    """Return the same for the list of example compositions."""
    return {
        "operation_id": "list_canvas_examples",
        "summary": "Example compositions",
        "description": "Compositions to start from, each with the files that it uses.",
        "tags": ["operation"],
        "responses": {
            200: content("The examples.", "application/json", CanvasExampleList.__name__),
            **problems([401]),
        },
    }


def describe_example_route() -> dict[str, Any]:
    """Return the same for one example composition."""
    name = parameter("name", "path", "Name of the example.", "gradient-title", {"type": "string"})
    found = {"description": "The composition.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operation_id": "show_canvas_example",
        "summary": "One example composition",
        "description": "The composition as its author wrote it.",
        "tags": ["operation"],
        "responses": {200: found, **problems([401, 404])},
        "openapi_extra": {"parameters": [name]},
    }
