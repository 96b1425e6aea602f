"""The OpenAPI descriptions of the routes with outputs of queued jobs."""

from __future__ import annotations

from functools import partial
from typing import Any

from ffmpeg_worker.api.openapi_parts import (
    DOWNLOAD_PARAMETER,
    FILE_RESPONSES,
    JOB_ID_PARAMETER,
    RANGE_PARAMETER,
    describe_operation,
    parameter,
    problems,
)
from ffmpeg_worker.api.openapi_schemas import REF

_describe = partial(describe_operation, "jobs")
_NAME = parameter(
    "name",
    "path",
    "Name of the output, which may have slashes. Links have a token before it.",
    "small.mp4",
    {"type": "string"},
)


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
    return _describe(
        "list_job_outputs",
        "The outputs of a queued job",
        "Those that wait on the worker have a signed link as their `url`.",
        {
            200: {"description": "The outputs.", "content": {"application/json": {"schema": schema}}},
            **problems([401, 404, 409, 503]),
        },
        [JOB_ID_PARAMETER],
    )


def describe_output_route() -> dict[str, Any]:
    """Return the same for one output."""
    return _describe(
        "get_job_output",
        "An output of a queued job",
        "For jobs without `upload`, until the retention time ends. It needs the API key of the "
        "job, or the signed link in the job's result. Ranges and conditional requests are served.",
        {**FILE_RESPONSES, **problems([401, 403, 404, 409, 410, 412, 416, 503])},
        [JOB_ID_PARAMETER, _NAME, RANGE_PARAMETER, DOWNLOAD_PARAMETER],
    )
