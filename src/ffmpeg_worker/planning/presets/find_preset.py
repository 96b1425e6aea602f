"""Finds a preset by its name, among those of the worker and those of the operator."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.explain import quote_list
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.planning.presets.operator_presets import make_preset
from ffmpeg_worker.planning.presets.preset import Preset
from ffmpeg_worker.planning.presets.table import PRESETS
from ffmpeg_worker.suggestions import did_you_mean

_MAX_LISTED = 50


def list_presets(own: Sequence[OperatorPreset]) -> list[Preset]:
    """All presets: those of the worker, then those of the operator."""
    return [*PRESETS.values(), *map(make_preset, own)]


def find_preset(name: str, own: Sequence[OperatorPreset], field: str = "preset") -> Preset:
    """Find a preset; `own` are those of the operator, `field` is the JSON path that names it.

    Raises:
        InvalidJob: there is none of that name.
    """
    if name in PRESETS:
        return PRESETS[name]
    found = next((preset for preset in own if preset.name == name), None)
    if found is not None:
        return make_preset(found)
    known = [*PRESETS, *(preset.name for preset in own)]
    raise InvalidJob(
        f'There is no preset "{name[:64]}".',
        code="unknown_preset",
        hint=did_you_mean(name.replace("-", "_"), known) or f"Known are {quote_list(known[:_MAX_LISTED])}.",
        where={"field": field},
    )
