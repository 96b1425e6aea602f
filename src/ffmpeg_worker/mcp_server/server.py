"""The server in the terms of the official SDK: its tools, and what can be read."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from ffmpeg_worker import __version__
from ffmpeg_worker.mcp_server.problems import describe_error
from ffmpeg_worker.mcp_server.progress_reports import report_progress
from ffmpeg_worker.mcp_server.resources import list_resources, list_templates, read_resource
from ffmpeg_worker.mcp_server.submitted_jobs import SubmittedJobs
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool
from ffmpeg_worker.mcp_server.tools.table import TOOLS
from ffmpeg_worker.services import Services
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.tasks import cancel_and_wait

_T = TypeVar("_T")
_Context = ServerRequestContext[Any, Any]

INSTRUCTIONS = (
    "Edits, converts, measures and renders media with FFmpeg. Files are named relative to a data root: "
    "list_files shows them, outputs are put there, and an output can be the input of the next call. "
    "Inputs may also be https:// URLs. Look at a file with probe before you work on it. Prefer run_preset "
    "to run_command. For videos made of layers (text, images, clips, subtitles), read "
    "composition_reference, look at preview_composition, then use render_composition. An error says where "
    "it is and what to change: correct the call and repeat it. Use submit_job for long work."
)


def make_server(services: Services, submitted: SubmittedJobs) -> Server[Any]:
    """Make a server over an open worker."""

    async def call_tool(context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await _finish(_call(services, submitted, context, params))

    return Server(
        "ffmpeg-worker",
        version=__version__,
        title="FFmpeg Worker",
        instructions=INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


async def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Await work; when the request is cancelled, cancel the work once and wait for its cleanup.

    The SDK cancels with scopes of anyio, which cancel each further wait too, also those of a cleanup.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await cancel_and_wait(task)
        raise
    return task.result()


async def _call(
    services: Services, submitted: SubmittedJobs, context: _Context, params: types.CallToolRequestParams
) -> types.CallToolResult:
    """Run a tool; its errors are answers too, from which the model can learn.

    Raises:
        MCPError: there is no such tool.
    """
    tool = _find_tool(params.name)
    try:
        async with report_progress(context.session.report_progress) as observer:
            answer = await tool.run(Call(services, submitted, params.arguments or {}, observer))
    except Exception as error:  # a defect must not end the connection
        problem = describe_error(error)
        return types.CallToolResult(content=[_as_text(problem)], is_error=True)
    return types.CallToolResult(content=_as_content(answer), structured_content=dict(answer.value))


def _find_tool(name: str) -> Tool:
    if name not in TOOLS:
        hint = did_you_mean(name, TOOLS) or f"Tools are {', '.join(TOOLS)}."
        raise MCPError(types.INVALID_PARAMS, f"There is no tool of that name. {hint}")
    return TOOLS[name]


def _as_content(answer: Answer) -> list[types.ContentBlock]:
    text = _as_text(answer.value)
    picture = answer.picture
    if picture is None:
        return [text]
    data = base64.b64encode(picture.data).decode()
    return [types.ImageContent(data=data, mime_type=picture.media_type), text]


def _as_text(value: Any) -> types.TextContent:
    return types.TextContent(text=json.dumps(value, ensure_ascii=False))


async def _list_tools(_context: _Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[_describe(tool) for tool in TOOLS.values()])


def _describe(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.input_schema),
        output_schema=dict(tool.output_schema),
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.is_read_only,
            destructive_hint=tool.is_destructive,
            idempotent_hint=tool.is_idempotent,
            open_world_hint=tool.is_open_world,
        ),
    )
