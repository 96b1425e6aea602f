"""The terminal door: `ffmpeg-worker`. A command's module is imported when that command is called."""

from __future__ import annotations

import importlib
import sys

import click

from ffmpeg_worker import __version__
from ffmpeg_worker.cli.exit_codes import STOPPED

_COMMANDS = {
    "serve": "Serve the HTTP API.",
    "run": "Run one job from a JSON file and answer with its result.",
    "render": "Render a composition to a video or a picture, or look it through.",
    "probe": "Tell what a media file holds.",
    "vmaf": "Measure the quality of one video against another.",
    "demo": "Make a test video and run a real pipeline on it through the HTTP API.",
    "doctor": "Check that this machine has what the worker needs.",
    "settings": "Print all settings with their variables, as a Markdown page.",
}
_CONTEXT = {"help_option_names": ["-h", "--help"]}


class _LazyGroup(click.Group):
    """Knows its commands by name, so that `--version` and `--help` import none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ffmpeg_worker.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="ffmpeg-worker")
def cli() -> None:
    """Turns a JSON job into media, and tells what media files hold.

    Exit codes: 0 done, 2 the request is wrong, 3 an input, 4 a destination, 5 the worker or FFmpeg,
    6 out of time, 78 misconfigured, 130 stopped.
    """


def main() -> None:
    """Entry point of the command `ffmpeg-worker`."""
    try:
        cli(prog_name="ffmpeg-worker", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(STOPPED)
