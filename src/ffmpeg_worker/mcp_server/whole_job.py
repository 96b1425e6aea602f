"""Arguments that are a whole job, of one of the actions that a model may choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.process import PROCESS
from ffmpeg_worker.job.explain import quote_list
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.mcp_server.read_arguments import check_names, read_job
from ffmpeg_worker.mcp_server.schemas import INPUTS, field_schemas
from ffmpeg_worker.mcp_server.tool import Call
from ffmpeg_worker.planning.planner import ReadJob

_ACTIONS = ("process", "multi_process", "canvas", "vmaf", "probe")

WHOLE_JOB_FIELDS: Mapping[str, Any] = {
    "action": {
        "type": "string",
        "enum": list(_ACTIONS),
        "description": "`process` takes the arguments of run_command or run_preset as data, `canvas` those of "
        "render_composition, `vmaf` those of measure_quality, `probe` those of probe; `multi_process` takes "
        '{"processes": [{"chainCmds": …, "output": …}, …]} and runs them in parallel.',
    },
    "data": {
        "type": "object",
        "description": "Data of the action.",
        "examples": [{"chainCmds": "ffmpeg -i {{in_1}} -crf 26 small.mp4"}],
    },
    "inputs": INPUTS,
    **field_schemas(PROCESS, "timeout"),
}
"""Schemas of the fields of a whole job."""


async def read_whole_job(call: Call) -> tuple[JobBody, ReadJob[Any]]:
    """Read the arguments of a call as a whole job.

    Raises:
        WorkerError: the job is refused, or its action is none of those.
    """
    check_names(call.arguments, list(WHOLE_JOB_FIELDS))
    if call.arguments.get("action") not in _ACTIONS:
        raise InvalidJob(
            '"action" must be one of those that are served over MCP.',
            code="unknown_action",
            hint=f"Use {quote_list(_ACTIONS)}.",
            where={"field": "action"},
        )
    return await read_job(call, None, call.arguments)
