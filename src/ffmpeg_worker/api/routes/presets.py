"""`GET /api/presets` and `/api/presets/{name}`: the presets of the worker and of its operator."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.describe_preset import PresetList, describe_preset
from ffmpeg_worker.planning.presets.find_preset import find_preset, list_presets

PRESETS_PATH = "/api/presets"


async def serve_presets(request: Request) -> Response:
    """Respond with every preset."""
    own = app_state_of(request).services.resources.operator_presets
    presets = tuple(describe_preset(preset) for preset in list_presets(own))
    return json_response(PresetList(presets=presets).as_json())


async def serve_preset(request: Request) -> Response:
    """Respond with one preset.

    Raises:
        InvalidJob: there is none of that name; with the code `preset_not_found`.
    """
    own = app_state_of(request).services.resources.operator_presets
    try:
        preset = find_preset(request.path_params["name"], own)
    except InvalidJob as error:
        raise InvalidJob(error.message, code="preset_not_found", hint=error.hint) from None
    return json_response(describe_preset(preset).as_json())
