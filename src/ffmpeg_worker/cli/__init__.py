"""The command `ffmpeg-worker`. The module of a subcommand is imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import sys

import click

from ffmpeg_worker import __version__
from ffmpeg_worker.cli.problems import STOPPED
from ffmpeg_worker.standard_output import run_with_output

_COMMANDS = {
    "serve": "Serve the HTTP API.",
    "worker": "Run queued jobs, without the HTTP API.",
    "jobs": "Send jobs to the queue of an HTTP API, and list, watch, cancel and repeat them.",
    "run": "Run one job from a JSON file and print its result.",
    "render": "Render a composition to a video or an image, or lint it.",
    "probe": "Show the format and streams of a media file.",
    "vmaf": "Measure the quality of one video against another.",
    "mcp": "Serve MCP over standard input and output, for language models.",
    "runpod": "Run the RunPod worker, or its local test.",
    "demo": "Generate a test video and run a pipeline on it through the HTTP API.",
    "doctor": "Check that this machine has what the worker needs.",
    "settings": "Print all settings as a Markdown page.",
}
_CONTEXT = {"help_option_names": ["-h", "--help"]}


class _LazyGroup(click.Group):
    """A group that lists its commands without importing them, so that `--version` and `--help` are fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        # Modules make many objects and no garbage: without searches for it they load in a tenth less time.
        gc.disable()
        try:
            command: click.Command = importlib.import_module(f"ffmpeg_worker.cli.{cmd_name}").command
        finally:
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="ffmpeg-worker")
def cli() -> None:
    """Turn JSON jobs into media, and inspect media files.

    Exit codes: 0 success, 2 invalid request, 3 unusable input, 4 unusable destination, 5 worker or FFmpeg failed,
    6 timeout, 78 invalid settings, 130 stopped, 1 the reader of the output went away.
    """


def main() -> None:
    """Run the command `ffmpeg-worker`."""
    sys.exit(run_with_output(_run))


def _run() -> int:
    """Run the command and return its exit code."""
    try:
        code = cli(prog_name="ffmpeg-worker", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return STOPPED
    except SystemExit as ended:
        code = ended.code
    return code if isinstance(code, int) else int(code is not None)
