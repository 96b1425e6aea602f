"""`ffmpeg-worker mcp`: serves MCP over standard input and output."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Any

import click

from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import Settings, read_settings

_SDK = frozenset({"anyio", "mcp", "mcp_types"})


@click.command("mcp")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data root: the folder of all inputs and outputs. Default: FS_PATH, else data.",
)
def command(root: Path | None) -> None:
    """Serve MCP (Model Context Protocol) over standard input and output, for clients such as Claude Desktop.

    A client starts this command itself; docs/mcp.md shows its configuration. Jobs run in this process, with the
    rules and limits of the HTTP API. Closing standard input ends it and its jobs. Logs go to standard error.

    It needs the extra mcp: pip install 'ffmpeg-worker[mcp]'.
    """
    with exit_on_error():
        settings = _read_settings(root)
        configure_logging(settings.log_level if "log_level" in settings.model_fields_set else "WARNING")
        asyncio.run(_load_server().serve_mcp(settings))


def _read_settings(root: Path | None) -> Settings:
    """Return the settings of the HTTP API without what only that has: keys, and the queue.

    Clients start commands without a shell, so that `~` has not been replaced yet.
    """
    chosen: dict[str, Any] = {} if root is None else {"data_root": root.expanduser()}
    return read_settings(**chosen, api_keys=(), queue="off")


def _load_server() -> Any:
    """Load the server.

    Raises:
        Misconfigured: the SDK is not installed.
    """
    try:
        return importlib.import_module("ffmpeg_worker.mcp_server.serve")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _SDK:
            raise
        raise Misconfigured(
            f"The MCP server needs the Python package {error.name}, which is not installed.",
            hint="Install it: pip install 'ffmpeg-worker[mcp]'.",
        ) from None
