"""The command `ffmpeg-worker mcp` as a real process, with the client of the official SDK."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, ImageContent, TextContent

Arguments = Mapping[str, Any]


@dataclass
class McpSession:
    """A connected client, and the folder that the server uses as data root."""

    client: Client
    data: Path
    reports: list[tuple[float, float | None, str | None]] = field(default_factory=list)
    """Progress of the last call."""

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed; returns its structured answer."""
        return structured_of(await self.try_call(tool, arguments))

    async def fail(self, tool: str, arguments: Arguments) -> dict[str, Any]:
        """Call a tool that must fail; returns the problem."""
        result = await self.try_call(tool, arguments)
        assert result.is_error
        assert result.structured_content is None
        return problem_of(result)

    async def try_call(self, tool: str, arguments: Arguments) -> CallToolResult:
        """Call a tool."""
        reports: list[tuple[float, float | None, str | None]] = []
        self.reports = reports

        async def note(progress: float, total: float | None, message: str | None) -> None:
            reports.append((progress, total, message))

        return await self.client.call_tool(tool, dict(arguments), progress_callback=note)


def structured_of(result: CallToolResult) -> dict[str, Any]:
    """The structured answer of a call that succeeded."""
    assert not result.is_error, result.content
    value: dict[str, Any] = result.structured_content
    return value


def problem_of(result: CallToolResult) -> dict[str, Any]:
    """The problem in the text of an answer."""
    [content] = result.content
    assert isinstance(content, TextContent)
    problem: dict[str, Any] = json.loads(content.text)
    return problem


def picture_of(result: CallToolResult) -> ImageContent:
    """The picture of an answer."""
    [picture] = [content for content in result.content if isinstance(content, ImageContent)]
    return picture


def command_for(root: Path) -> list[str]:
    """The command line of a server; `root` is in it, so that its processes can be found."""
    return [sys.executable, "-m", "ffmpeg_worker", "mcp", "--root", str(root / "data")]


def environment_of(root: Path, **more: str) -> dict[str, str]:
    """The settings of a server."""
    return {"FFMPEG_WORKER_SCRATCH_ROOT": str(root / "scratch"), "FFMPEG_WORKER_LOG_LEVEL": "INFO", **more}


@asynccontextmanager
async def open_session(root: Path, environment: Mapping[str, str]) -> AsyncIterator[McpSession]:
    """Start a server and connect to it.

    The client lives in a task of its own: its scopes must be closed by the task that opened them, and a fixture is
    left by another task than the one that entered it.
    """
    opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        program, *arguments = command_for(root)
        parameters = StdioServerParameters(command=program, args=arguments, env=dict(environment), cwd=root)
        with (root / "log").open("w") as log:
            try:
                async with Client(stdio_client(parameters, errlog=log)) as client:
                    opened.set_result(client)
                    await done.wait()
            except BaseException as error:
                if not opened.done():
                    opened.set_exception(error)
                raise

    holding = asyncio.ensure_future(hold())
    try:
        yield McpSession(await opened, root / "data")
    finally:
        done.set()
        await holding
