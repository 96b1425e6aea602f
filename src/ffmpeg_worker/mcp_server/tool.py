"""The descriptor of a tool: what a model reads about it, and the function that runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.mcp_server.submitted_jobs import SubmittedJobs
from ffmpeg_worker.services import Services

Arguments = Mapping[str, Any]
"""Arguments of a call, as the model wrote them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for the model."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a tool: JSON that fits its output schema, and a picture if the tool makes one."""

    value: Mapping[str, Any]
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool.

    Attributes:
        services: the worker that runs jobs.
        submitted: jobs that go on after their call.
        arguments: what the model gave.
        observer: receives the progress of the job that the call waits for.
    """

    services: Services
    submitted: SubmittedJobs
    arguments: Arguments
    observer: Observer


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        name: its name in the protocol.
        title: its name for people.
        description: what a model needs to know to choose and call it.
        input_schema: JSON Schema of its arguments.
        output_schema: JSON Schema of its answer.
        run: runs a call; it raises WorkerError if there is no answer.
        is_read_only: it changes no file.
        is_destructive: it may replace files, or end work.
        is_idempotent: a second call with the same arguments changes nothing more.
        is_open_world: it may fetch URLs.
    """

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    run: Callable[[Call], Awaitable[Answer]]
    is_read_only: bool = False
    is_destructive: bool = False
    is_idempotent: bool = False
    is_open_world: bool = False
