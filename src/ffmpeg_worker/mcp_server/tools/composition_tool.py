"""The tool that describes compositions, part by part: the whole schema is too long for the context of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.mcp_server.composition_texts import describe_part, example_names, find_composition, part_names
from ffmpeg_worker.mcp_server.read_arguments import read_arguments
from ffmpeg_worker.mcp_server.schemas import answer_schema, model_schema
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool


class _Arguments(FrozenModel):
    part: str | None = Field(
        None,
        max_length=64,
        description="Describe this part, such as a kind of layer. Default: the composition itself.",
        examples=["TextLayer"],
    )
    example: str | None = Field(
        None, max_length=64, description="Return this example composition instead.", examples=["gradient-title"]
    )


class _Reference(ResultModel):
    schema_: Mapping[str, Any] | None = Field(None, alias="schema", description="JSON Schema of the part.")
    composition: Mapping[str, Any] | None = Field(None, description="The example.")
    parts: tuple[str, ...] = Field(description="Names of all parts.")
    examples: tuple[str, ...] = Field(description="Names of all examples.")


async def _describe(call: Call) -> Answer:
    asked = read_arguments(_Arguments, call.arguments)
    value = (
        {"composition": find_composition(asked.example)}
        if asked.example is not None
        else {"schema": describe_part(asked.part)}
    )
    return Answer({**value, "parts": part_names(), "examples": example_names()})


COMPOSITION_REFERENCE = Tool(
    "composition_reference",
    "Describe compositions",
    "Describe the JSON of compositions, part by part, and show complete examples. Read it before you write a "
    "composition: first without arguments, then the layers that you need, or an example that is close.",
    model_schema(_Arguments),
    answer_schema(_Reference),
    _describe,
    is_read_only=True,
    is_idempotent=True,
)
