"""Plans `probe`: one step that reads media information."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ffmpeg_worker.command.flag_options import option_name
from ffmpeg_worker.errors import ForbiddenOption, InvalidJob
from ffmpeg_worker.job.actions.probe import ProbeJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.plan import Lane, Plan, Summary
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import merge_required_inputs, require_named
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import ProbeStep
from ffmpeg_worker.suggestions import find_nearest

# Options of ffprobe that choose what is shown, and open or write no file.
_FLAGS = frozenset(
    "show_format show_streams show_chapters show_packets show_frames show_programs show_stream_groups show_data "
    "show_error show_private_data show_program_version show_library_versions show_versions show_pixel_formats "
    "count_frames count_packets sexagesimal pretty unit prefix byte_binary_prefix find_stream_info "
    "noshow_format noshow_streams noshow_chapters".split()
)
_WITH_VALUE = frozenset(
    "show_entries select_streams read_intervals analyze_frames show_optional_fields show_data_hash "
    "analyzeduration probesize fpsprobesize max_probe_packets".split()
)
_CODE = "probe_option_refused"
# The worker sets these: it needs JSON, and reads the log itself.
_OWN_FLAGS = frozenset({"hide_banner"})
_OWN_WITH_VALUE = frozenset({"v", "loglevel", "of", "print_format", "output_format"})


class ProbePlanner(Planner[ProbeJob]):
    """Plans the probe of one file."""

    def read(self, job: ProbeJob, machine: Machine) -> ReadJob[ProbeJob]:
        used = require_named(job.data.input, job.inputs, by_range=True)
        return ReadJob(job, merge_required_inputs(job.inputs, [used]))

    def plan(self, read: ReadJob[ProbeJob], files: LocalFiles, machine: Machine) -> Plan:
        job = read.job
        key = input_key(job.data.input, job.inputs)
        options = _read_options([token for command in job.data.chainCmds or () for token in command])
        step = ProbeStep(files[key].staged, display_name(key) if "://" in key else key, options)
        return Plan((Lane((step,), summary=Summary(_summarize, (step.result_file,))),))


def _summarize(_results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
    (content,) = files.values()
    document: dict[str, Any] = json.loads(content)
    return document


def _read_options(tokens: Sequence[str]) -> tuple[str, ...]:
    """The options for ffprobe, without those that the worker sets itself."""
    options: list[str] = []
    remaining = iter(tokens)
    for token in remaining:
        name = option_name(token) if token.startswith("-") else ""
        if name in _FLAGS:
            options.append(token)
        elif name in _WITH_VALUE | _OWN_WITH_VALUE:
            value = next(remaining, None)
            if value is None:
                raise _refused(token, f'The option "{token[:64]}" has no value.', "Put its value after it.")
            if name in _WITH_VALUE:
                options += [token, value]
        elif not name:
            message = '"chainCmds" of a probe holds something that is no option.'
            raise _refused(token, message, 'Name the file in "input" only.')
        elif name not in _OWN_FLAGS:
            nearest = find_nearest(name, _FLAGS | _WITH_VALUE)
            hint = "Options that choose what is shown are: -show_…, -select_streams."
            raise ForbiddenOption(
                f'The ffprobe option "{token[:64]}" is not accepted.',
                code=_CODE,
                hint=f'Did you mean "-{nearest}"?' if nearest else hint,
                where={"argument": token[:64]},
            )
    return tuple(options)


def _refused(token: str, message: str, hint: str) -> InvalidJob:
    return InvalidJob(message, code=_CODE, hint=hint, where={"argument": token[:64]})
