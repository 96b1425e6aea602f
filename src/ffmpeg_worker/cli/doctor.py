"""`ffmpeg-worker doctor`: checks that this machine has what the worker needs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

import click

from ffmpeg_worker.cli.display import show_table
from ffmpeg_worker.cli.problems import echo_json
from ffmpeg_worker.doctor.check import Verdict
from ffmpeg_worker.doctor.run_checks import run_checks


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def command(as_json: bool) -> None:
    """Check Python, FFmpeg, encoders, folders, disk, port and access. Exit code 1 when a check fails."""
    checks = asyncio.run(run_checks())
    ok = all(check.verdict is not Verdict.FAIL for check in checks)
    if as_json:
        echo_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        show_table(
            ("", "check", "found"),
            [
                (check.verdict.value, check.name, " → ".join(text for text in (check.found, check.hint) if text))
                for check in checks
            ],
        )
    sys.exit(0 if ok else 1)
