"""The tool that lists presets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.mcp_server.read_arguments import read_arguments
from ffmpeg_worker.mcp_server.schemas import answer_schema, model_schema
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool
from ffmpeg_worker.planning.presets.describe_preset import describe_preset
from ffmpeg_worker.planning.presets.find_preset import find_preset, list_presets
from ffmpeg_worker.planning.presets.preset import Preset


class _Arguments(FrozenModel):
    name: str | None = Field(
        None,
        description="Describe this preset in full, with the schema of its parameters and an example.",
        examples=["gif"],
    )


class _Listed(ResultModel):
    presets: tuple[Mapping[str, Any], ...] = Field(
        description="Name, description and inputs of each preset; with `name`, all about that one."
    )


async def _list(call: Call) -> Answer:
    own = call.services.resources.operator_presets
    name = read_arguments(_Arguments, call.arguments).name
    if name is not None:
        preset = find_preset(name, own, field="name")
        return Answer(_Listed(presets=(describe_preset(preset).as_json(),)).as_json())
    return Answer(_Listed(presets=tuple(_summarize(preset) for preset in list_presets(own))).as_json())


def _summarize(preset: Preset) -> dict[str, Any]:
    inputs = [slot.name for slot in preset.slots]
    return {"name": preset.name, "description": preset.summary, "inputs": inputs, "output": preset.output}


LIST_PRESETS = Tool(
    "list_presets",
    "List presets",
    "List the recipes that run_preset can run, or describe one of them with its parameters.",
    model_schema(_Arguments),
    answer_schema(_Listed),
    _list,
    is_read_only=True,
    is_idempotent=True,
)
