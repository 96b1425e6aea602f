"""Action `canvas_preview`: render one frame of a JSON composition."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator

from ffmpeg_worker.budgets import MAX_DURATION_S, MAX_ROWS, MAX_SIDE
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.canvas_output import IMAGE_EXTENSIONS, Seconds, check_extension
from ffmpeg_worker.job.actions.composition_data import CompositionData
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.file_names import OutputName, output_name_schema
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import OutputFile
from ffmpeg_worker.validation_errors import wrong_value


class PreviewData(CompositionData):
    """One frame of a JSON composition."""

    t: Seconds = Field(0.0, description="Time of the frame in the composition, in seconds.", examples=[2.5])
    width: int | None = Field(
        None,
        ge=2,
        le=MAX_SIDE,
        description="Width of the image in pixels. Default: the width of the composition. Where the composition's "
        "keys stand directly in the body, this is the width of the composition.",
        examples=[640],
    )
    row: int = Field(
        0, ge=0, lt=MAX_ROWS, description="Row of variables, from 0, where there are several.", examples=[0]
    )
    output: Annotated[OutputName, WithJsonSchema(output_name_schema(IMAGE_EXTENSIONS))] | None = Field(
        None,
        description=f"Name of a file: {', '.join(IMAGE_EXTENSIONS)}. Default: the image is in the result.",
        examples=["preview.png"],
    )
    own_keys = frozenset({"output"})

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        if self.row >= len(self.compositions):
            raise wrong_value(f"asks for row {self.row} of {len(self.compositions)}", "Rows are counted from 0.")
        if self.output is not None:
            check_extension(self.output, IMAGE_EXTENSIONS)
        return self


class PreviewQuery(FrozenModel):
    """Time and width of a preview in the query string of its route, where all values are texts."""

    model_config = ConfigDict(strict=False)

    t: Annotated[Seconds | None, WithJsonSchema({"type": "number", "minimum": 0, "maximum": MAX_DURATION_S})] = (
        Field(
            None, description=f"{PreviewData.model_fields['t'].description} Overrides the body's.", examples=[2.5]
        )
    )
    width: Annotated[int | None, WithJsonSchema({"type": "integer", "minimum": 2, "maximum": MAX_SIDE})] = Field(
        None,
        ge=2,
        le=MAX_SIDE,
        description="Width of the image in pixels. Overrides the body's.",
        examples=[640],
    )


class PreviewJob(Job):
    """A job with action `canvas_preview`."""

    action: Literal["canvas_preview"]
    data: PreviewData


class PreviewResult(FilesResult):
    """Result of `canvas_preview`."""

    image: str | None = Field(
        None,
        description="The image, a PNG as `data:` URL, where the request names no `output`.",
        examples=["data:image/png;base64,iVBORw0…"],
    )
    t: float = Field(description="Time of the frame in the composition, in seconds.", examples=[2.5])
    width: int = Field(description="Width of the image in pixels.", examples=[1080])
    height: int = Field(description="Height of the image in pixels.", examples=[1920])
    duration: float = Field(description="Length of the whole composition in seconds.", examples=[12.5])
    outputs: tuple[OutputFile, ...] = Field((), description="The image, where it is a file.", examples=[[]])

    def as_png(self) -> bytes | None:
        """See `JobResult.as_png`."""
        return None if self.image is None else b64decode(self.image.partition(",")[2])


CANVAS_PREVIEW = Action(
    name="canvas_preview",
    path=ACTION_PATHS["canvas_preview"],
    job=PreviewJob,
    result=PreviewResult,
    summary="Render one frame of a JSON composition",
    request={
        "json": {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello", "duration": 3}]},
        "t": 1.5,
        "width": 640,
    },
    response={
        "job_id": JOB_ID,
        "image": "data:image/png;base64,iVBORw0KGgo=",
        "t": 1.5,
        "width": 640,
        "height": 360,
        "duration": 3.0,
        "outputs": [],
        "stats": {
            "seconds": 0.21,
            "cpu_seconds": 0.19,
            "input_bytes": 0,
            "source_bytes": 0,
            "inputs_by_range": 0,
            "output_bytes": 0,
        },
        "warnings": [],
    },
    result_keys=frozenset({"t"}),
    uses_renderer=True,
    query=PreviewQuery,
    returns_png=True,
)
