"""`ffmpeg-worker runpod`: the RunPod worker, as `runpod/handler.py` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ffmpeg_worker.runpod_worker import main


@click.command("runpod", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[SDK ARGUMENTS]…")
def command(arguments: tuple[str, ...]) -> None:
    """Take jobs from RunPod, and run them through the HTTP API; elsewhere, run one test job and print its output.

    The test job is the file TEST_INPUT_FILE_NAME (default: test_input.json) in the folder "runpod", or in the
    current folder if there is none. Arguments are those of RunPod's SDK, such as --rp_serve_api.
    """
    sys.argv[1:] = arguments
    folder = Path.cwd() / "runpod"
    sys.exit(main(folder if folder.is_dir() else Path.cwd()))
