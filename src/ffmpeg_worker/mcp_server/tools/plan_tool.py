"""The tool that tells what a job would run."""

from __future__ import annotations

from ffmpeg_worker.api.plan_report import PlanReport, describe_plan
from ffmpeg_worker.mcp_server.schemas import answer_schema, arguments_schema
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool
from ffmpeg_worker.mcp_server.whole_job import WHOLE_JOB_FIELDS, read_whole_job
from ffmpeg_worker.owners import ANONYMOUS


async def _plan(call: Call) -> Answer:
    body, _ = await read_whole_job(call)
    report = await describe_plan(call.services, body, ANONYMOUS)
    return Answer(report.as_json())


PLAN = Tool(
    "plan",
    "Plan a job",
    "Show what a job would do, without doing it: its inputs, the FFmpeg commands and the outputs. Nothing is "
    "fetched and nothing runs. A job that would be refused is refused here too.",
    arguments_schema(WHOLE_JOB_FIELDS, "action", "data"),
    answer_schema(PlanReport),
    _plan,
    is_read_only=True,
    is_idempotent=True,
)
