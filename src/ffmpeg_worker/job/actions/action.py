"""The descriptor of an action: its names, models, examples and properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import JobResult


class DefaultTarget(Enum):
    """Target of the outputs of a job that names none."""

    DEFAULT_BUCKET_OR_DATA_ROOT = auto()
    """The operator's bucket, where there is one, else the data root."""
    DATA_ROOT = auto()
    DEFAULT_BUCKET = auto()
    """The operator's bucket; where there is none, the job is refused."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action. Every table of actions is derived from these.

    Attributes:
        name: value of `action` in a job.
        path: HTTP route below `/api`, also the value of `path` in a job.
        job: model of the whole job; its `data` is what the action's route takes beside the common fields.
        result: model of the result.
        summary: one line for the OpenAPI document.
        request: example of a body of the route.
        response: example of a result.
        result_keys: keys of which every result has at least one.
        default_target: target of the outputs where the job names none.
        uses_renderer: whether the job is drawn by the renderer program.
        has_independent_lanes: whether one lane may fail without the others; each is then reported on its own.
        query: fields of the data that the query string of the route may set; they override the body's.
        returns_png: whether the route answers with the image of the result to callers that accept `image/png`.
    """

    name: str
    path: str
    job: type[Job]
    result: type[JobResult]
    summary: str
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    result_keys: frozenset[str] = frozenset({"outputs"})
    default_target: DefaultTarget = DefaultTarget.DEFAULT_BUCKET_OR_DATA_ROOT
    uses_renderer: bool = False
    has_independent_lanes: bool = False
    query: type[FrozenModel] | None = None
    returns_png: bool = False

    @property
    def data(self) -> type[JobData]:
        """Model of the job's `data`."""
        model = self.job.model_fields["data"].annotation
        if not (isinstance(model, type) and issubclass(model, JobData)):
            raise TypeError(f"The data of {self.name} is no JobData.")
        return model
