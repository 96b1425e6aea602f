"""Reads the arguments of calls: into a model, or into the JSON of a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.explain import missing_field, unknown_field
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.mcp_server.tool import Arguments, Call
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.validation_errors import describe_problem

_Model = TypeVar("_Model", bound=BaseModel)
_SOURCE_KEYS = frozenset({"url", "content"})


def read_arguments(model: type[_Model], arguments: Arguments) -> _Model:
    """Read arguments with a model of flat fields.

    Raises:
        InvalidJob: one is missing, unknown, or has no such value; `where.field` names it.
    """
    check_names(arguments, field_names(model))
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        raise missing_field(field)
    raise InvalidJob(f'"{field}" {describe_problem(first)}.', code="invalid_value", where={"field": field})


def check_names(arguments: Arguments, known: list[str]) -> None:
    """Refuse arguments that a tool does not have.

    Raises:
        InvalidJob: there is one; the hint names those that are known.
    """
    for name in arguments:
        if name not in known:
            raise unknown_field(name, known, name)


async def read_job_arguments(
    call: Call, action: str, arguments: Arguments, known: Mapping[str, Any]
) -> tuple[JobBody, ReadJob[Any]]:
    """Read the arguments of a tool that runs an action: they are the body of the action's route.

    Raises:
        WorkerError: the job is refused.
    """
    check_names(arguments, list(known))
    given = arguments.get("input")
    if isinstance(given, Mapping) and not _SOURCE_KEYS & given.keys():  # read as a whole body otherwise
        raise InvalidJob(
            '"input" must be the name of a file, a URL, or an object with "url" or "content".',
            code="invalid_value",
            where={"field": "input"},
        )
    return await read_job(call, action, arguments)


async def read_job(call: Call, action: str | None, value: Arguments) -> tuple[JobBody, ReadJob[Any]]:
    """Read the body of the route of an action, or without one a whole job; check what only this server refuses.

    Raises:
        WorkerError: the job is refused.
    """
    body = JobBody(action, _encode(call, value))
    read = await call.services.read(body)
    _refuse_destination(read.job)
    return body, read


def _refuse_destination(job: Job) -> None:
    """Refuse jobs that choose where files and messages go: a text that the model read may have asked for that."""
    field = job.needs_queue
    if job.destination is not None:
        field = "upload" if job.upload is not None else "s3Config"
    if field is not None:
        raise UnsupportedFeature(
            f'"{field}" is not served over MCP.',
            hint=f'Remove "{field}". Outputs stay in the data root, or go to the bucket of the settings.',
            where={"field": field},
        )


def _encode(call: Call, value: Arguments) -> bytes:
    content = json.dumps(value).encode()
    limit = call.services.settings.max_body_bytes
    if len(content) > limit:
        raise InvalidJob(
            f"The arguments are larger than {limit} bytes.",
            code="body_too_large",
            hint="Name files instead of giving their content.",
        )
    return content
