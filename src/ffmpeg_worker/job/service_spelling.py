"""Jobs as hosted FFmpeg services take them: `ffmpeg_command` with `input_files` and `output_files`.

Rendi and RenderIO use these names, and callers who come from them have such jobs. They are read as jobs of
`process`: `input_files` are their `inputs`, and `{{out_1}}` in a command is the name that `output_files` gives.
See https://docs.rendi.dev/api-reference.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.reading_notes import Reading, ReadingNotes

PROCESS = "process"
_COMMANDS = ("ffmpeg_command", "ffmpeg_commands")
_RENAMED = {"input_files": "inputs", "max_command_run_seconds": "timeout"}
_IGNORED = "vcpu_count"
_OUTPUTS = "output_files"
_OUTPUT_PREFIX = "out_"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}|<<\s*(\w+)\s*>>")


def is_service_job(value: Any) -> bool:
    """Whether a value is a job in this spelling."""
    return isinstance(value, dict) and any(name in value for name in _COMMANDS)


def translate_service_job(value: Mapping[str, Any], notes: ReadingNotes, path: str = "") -> dict[str, Any]:
    """Return the data and the common fields of the same `process` job; unknown fields stay as they are.

    Args:
        value: the job.
        notes: receives which fields were ignored.
        path: JSON path of the job.

    Raises:
        InvalidJob: commands or output names that are not text, or a field that is given in both spellings.
    """

    def at(name: str) -> str:
        return f"{path}.{name}" if path else name

    outputs = _read_outputs(value.get(_OUTPUTS), at(_OUTPUTS))
    job: dict[str, Any] = {"chainCmds": _fill(_read_commands(value, at), outputs, at(_OUTPUTS))}
    if outputs:
        job["output"] = list(outputs.values())
    for name, item in value.items():
        if name == _IGNORED:
            notes.add(at(name), Reading.IGNORED)
        elif name not in (*_COMMANDS, _OUTPUTS):
            ours = _RENAMED.get(name, name)
            if ours in job or (ours != name and ours in value):
                raise InvalidJob(
                    f'"{ours}" is given a second time by "{name if ours != name else _COMMANDS[0]}".',
                    hint="Keep one of them.",
                    where={"field": at(ours)},
                )
            job[ours] = item
    return job


def _read_commands(value: Mapping[str, Any], at: Any) -> str:
    """The commands as one line, as a shell would run them one after the other."""
    given = [name for name in _COMMANDS if value.get(name)]
    if len(given) != 1:
        raise InvalidJob(
            'A job has either "ffmpeg_command" or "ffmpeg_commands".',
            hint='Give one command as text in "ffmpeg_command", or several as a list in "ffmpeg_commands".',
            where={"field": at(_COMMANDS[0])},
        )
    name, commands = given[0], value[given[0]]
    listed = [commands] if name == _COMMANDS[0] else commands
    if not isinstance(listed, list) or not all(isinstance(command, str) for command in listed):
        raise InvalidJob(
            f'"{name}" must be {"text" if name == _COMMANDS[0] else "a list of texts"}.',
            hint='For example "-i {{in_1}} -vf scale=640:-2 {{out_1}}".',
            where={"field": at(name)},
        )
    return " && ".join(listed)


def _read_outputs(value: Any, path: str) -> dict[str, str]:
    outputs = {} if value in (None, "") else value
    if not isinstance(outputs, dict) or not all(isinstance(name, str) and name for name in outputs.values()):
        raise InvalidJob(
            f'"{_OUTPUTS}" must be an object of file names.',
            hint='For example {"out_1": "small.mp4"}; commands write {{out_1}}.',
            where={"field": path},
        )
    return outputs


def _fill(commands: str, outputs: Mapping[str, str], path: str) -> str:
    """Write the names of outputs into the commands; other placeholders are those of inputs."""

    def name_of(found: re.Match[str]) -> str:
        key = found[1] or found[2]
        if key in outputs:
            return shlex.quote(outputs[key])
        if key.startswith(_OUTPUT_PREFIX):
            raise InvalidJob(
                f'The command writes "{key}", which has no name in "{_OUTPUTS}".',
                hint=f'Add its file name, for example {{"{key}": "small.mp4"}}.',
                where={"field": path},
            )
        return found[0]

    return _PLACEHOLDER.sub(name_of, commands)
