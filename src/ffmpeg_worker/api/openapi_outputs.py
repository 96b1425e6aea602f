"""The OpenAPI descriptions of the routes with outputs of queued jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ffmpeg_worker.api.openapi_schemas import REF
from ffmpeg_worker.api.problems import PROBLEM_TYPE, STATUS_MEANINGS
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.problem import Problem

_TAGS = ["jobs"]
_FILE = {"schema": {"type": "string", "format": "binary"}}


def describe_output_list_route() -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document the list of a job's outputs."""
    outputs = {"type": "array", "items": {"$ref": f"{REF}OutputFile"}}
    schema = {
        "type": "object",
        "required": ["outputs", "removed"],
        "properties": {
            "outputs": {**outputs, "description": "Outputs as in the result of the job.", "example": []},
            "removed": {
                "type": "boolean",
                "description": "Whether they were removed after the retention time.",
                "example": False,
            },
        },
    }
    return {
        "operation_id": "list_job_outputs",
        "summary": "The outputs of a queued job",
        "description": "Those that wait on the worker have a signed link as their `url`.",
        "tags": _TAGS,
        "responses": {
            200: {"description": "The outputs.", "content": {"application/json": {"schema": schema}}},
            **_problems([401, 404, 409, 503]),
        },
        "openapi_extra": {"parameters": [_job_id()]},
    }


def describe_output_route() -> dict[str, Any]:
    """Return the same for one output."""
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "Name of the output, which may have slashes. Links have a token before it.",
        "example": "small.mp4",
        "schema": {"type": "string"},
    }
    download = {
        "name": "download",
        "in": "query",
        "required": False,
        "description": "Whether a browser saves the file instead of showing it.",
        "example": True,
        "schema": {"type": "boolean"},
    }
    wanted = {
        "name": "Range",
        "in": "header",
        "required": False,
        "description": "Bytes to send, as `bytes=first-last`.",
        "example": "bytes=0-1023",
        "schema": {"type": "string"},
    }
    content = {"application/octet-stream": _FILE}
    return {
        "operation_id": "get_job_output",
        "summary": "An output of a queued job",
        "description": "For jobs without `upload`, until the retention time ends. It needs the API key of the "
        "job, or the signed link in the job's result. Ranges and conditional requests are served.",
        "tags": _TAGS,
        "responses": {
            200: {"description": "The file, with the media type of its name.", "content": content},
            206: {"description": "The bytes that the header Range selects.", "content": content},
            304: {"description": "The caller has this version of the file."},
            **_problems([401, 403, 404, 409, 410, 412, 416, 503]),
        },
        "openapi_extra": {"parameters": [_job_id(), name, wanted, download]},
    }


def _job_id() -> dict[str, Any]:
    return {
        "name": "job_id",
        "in": "path",
        "required": True,
        "description": "Id of the job.",
        "example": JOB_ID,
        "schema": {"type": "string"},
    }


def _problems(statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_TYPE: {"schema": {"$ref": REF + Problem.__name__}}}
    return {status: {"description": STATUS_MEANINGS[status], "content": content} for status in statuses}
