"""Serves MCP over standard input and output, from the first message to the last."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from mcp.server.stdio import stdio_server

from ffmpeg_worker.api.stop_signals import share_log, stop_on_signals
from ffmpeg_worker.logs import log
from ffmpeg_worker.mcp_server.server import make_server
from ffmpeg_worker.mcp_server.stdin_lines import read_stdin_lines
from ffmpeg_worker.mcp_server.submitted_jobs import SubmittedJobs
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.tasks import finish_shielded, race


async def serve_mcp(settings: Settings) -> None:
    """Serve one client until it closes standard input, or SIGTERM or SIGINT; then all jobs are stopped.

    Raises:
        Misconfigured: a program or folder that the settings name is not usable.
    """
    stop = asyncio.Event()
    with stop_on_signals(stop), share_log():
        async with open_services(settings) as services:
            submitted = SubmittedJobs(services)
            log(logging.INFO, "MCP server ready", sandbox=services.tools.sandbox.level.value)
            try:
                await race(_serve(services, submitted), stop.wait())
            except* BrokenPipeError:
                log(logging.INFO, "the client is gone")
            finally:
                log(logging.INFO, "MCP server stopping", active_jobs=services.active_jobs)
                await finish_shielded(submitted.close())


async def _serve(services: Services, submitted: SubmittedJobs) -> None:
    server = make_server(services, submitted)
    lines = cast("Any", read_stdin_lines())  # the transport only iterates over it
    async with stdio_server(stdin=lines) as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
