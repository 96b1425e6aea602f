"""Parts of which the OpenAPI document is made: contents, problems and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ffmpeg_worker.api.openapi_schemas import REF, request_rule
from ffmpeg_worker.api.problems import PROBLEM_TYPE, STATUS_MEANINGS
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.problem import Problem

# 405 is the response to another method than the documented one, and the others belong to routes with outputs.
_NOT_OF_JOBS = frozenset({405, 410, 412, 416})
JOB_PROBLEMS = [status for status in STATUS_MEANINGS if status not in _NOT_OF_JOBS]
"""Statuses of requests that send a job."""

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


def content(description: str, media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    """Return a response with the schema of that name."""
    return {"description": description, "content": content_type(media_type, schema, example)}


def content_type(media_type: str, schema: str, example: Any = None) -> dict[str, Any]:
    """Return the content of a request or a response."""
    body: dict[str, Any] = {"schema": {"$ref": REF + schema}}
    return {media_type: body if example is None else {**body, "example": example}}


def problems(statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """Return the responses with problems, by status."""
    return {
        status: content(
            STATUS_MEANINGS[status], PROBLEM_TYPE, Problem.__name__, PROBLEM_EXAMPLE if status == 422 else None
        )
        for status in statuses
    }


def query_parameters(model: type[FrozenModel]) -> list[dict[str, Any]]:
    """Return a parameter for every field of a model."""
    return [
        parameter(name, "query", rule.pop("description"), rule.pop("examples")[0], rule)
        for name, rule in request_rule(model.model_json_schema())["properties"].items()
    ]


def parameter(name: str, place: str, description: str, example: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter in the `query`, a `header` or the `path`."""
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "example": example,
        "schema": dict(schema),
    }


def describe_operation(
    tag: str,
    operation: str,
    summary: str,
    description: str,
    responses: Mapping[int | str, Any],
    parameters: Sequence[dict[str, Any]],
    **more: Any,
) -> dict[str, Any]:
    """Return the arguments with which a route is documented; `more` is added to the operation."""
    return {
        "operation_id": operation,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "responses": dict(responses),
        "openapi_extra": {"parameters": list(parameters), **more},
    }


JOB_ID_PARAMETER = parameter("job_id", "path", "Id of the job.", JOB_ID, {"type": "string"})
RANGE_PARAMETER = parameter(
    "Range", "header", "Bytes to send, as `bytes=first-last`.", "bytes=0-1023", {"type": "string"}
)
DOWNLOAD_PARAMETER = parameter(
    "download", "query", "Whether a browser saves the file instead of showing it.", True, {"type": "boolean"}
)
FILE_CONTENT = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
FILE_RESPONSES: Mapping[int | str, dict[str, Any]] = {
    200: {"description": "The file, with the media type of its name.", "content": FILE_CONTENT},
    206: {"description": "The bytes that the header Range selects.", "content": FILE_CONTENT},
    304: {"description": "The caller has this version of the file."},
}
"""Responses of routes that serve a file."""
