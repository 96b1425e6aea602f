"""The OpenAPI document of the routes of presets."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.api.openapi_parts import content, problems
from ffmpeg_worker.planning.presets.describe_preset import PresetEntry, PresetList


def describe_presets_route() -> dict[str, Any]:
    """Return the same for the list of presets."""
    return {
        "operation_id": "list_presets",
        "summary": "All presets",
        "description": "Recipes that jobs run by name, each with the JSON Schema of its parameters.",
        "tags": ["presets"],
        "responses": {
            200: content("The presets.", "application/json", PresetList.__name__),
            **problems([401]),
        },
    }


def describe_preset_route() -> dict[str, Any]:
    """Return the same for one preset."""
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}, "example": "gif"}
    return {
        "operation_id": "show_preset",
        "summary": "One preset",
        "description": "A preset with the JSON Schema of its parameters.",
        "tags": ["presets"],
        "responses": {
            200: content("The preset.", "application/json", PresetEntry.__name__),
            **problems([401, 404]),
        },
        "openapi_extra": {"parameters": [name]},
    }
