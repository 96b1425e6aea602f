"""Reads the operator's folder of presets, once at start."""

from __future__ import annotations

from pathlib import Path

from ffmpeg_worker.budgets import MAX_OPERATOR_PRESETS, MAX_PRESET_FILE_BYTES
from ffmpeg_worker.errors import InvalidJob, Misconfigured
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.planning.presets.operator_preset_file import read_operator_preset

_VARIABLE = "FFMPEG_WORKER_PRESETS_ROOT"


def read_preset_folder(folder: Path | None, *, option_policy: bool) -> tuple[OperatorPreset, ...]:
    """Read every `.json` file of the folder, in the order of their names; none without a folder.

    Raises:
        Misconfigured: the folder is missing, or a file is no preset.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise Misconfigured(f"{_VARIABLE} names no folder.", hint="Make it, or unset the variable.")
    files = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    if len(files) > MAX_OPERATOR_PRESETS:
        raise Misconfigured(
            f"{_VARIABLE} has {len(files)} presets; at most {MAX_OPERATOR_PRESETS} are read.",
            hint="Remove some of them.",
        )
    presets: dict[str, OperatorPreset] = {}
    for path in files:
        preset = _read_file(path, option_policy=option_policy)
        if preset.name in presets:
            raise Misconfigured(
                f'The preset {path.name} cannot be used: another file has the name "{preset.name}", too.',
                hint='Give it another "name".',
            )
        presets[preset.name] = preset
    return tuple(presets.values())


def _read_file(path: Path, *, option_policy: bool) -> OperatorPreset:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_PRESET_FILE_BYTES else b""
    except OSError as error:
        raise Misconfigured(f"The preset {path.name} cannot be read.", detail=str(error)) from None
    if size > MAX_PRESET_FILE_BYTES:
        raise Misconfigured(
            f"The preset {path.name} has more than {MAX_PRESET_FILE_BYTES} bytes.", hint="Shorten it."
        )
    try:
        document = read_json(content, f"The preset {path.name}")
    except InvalidJob as error:
        raise Misconfigured(error.message, hint=error.hint) from None
    return read_operator_preset(document, path.name, option_policy=option_policy)
