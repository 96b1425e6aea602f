"""`python -m soak`: see `./run soak`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import sys

from soak.folders import enter_private_mounts
from soak.report import make_report
from soak.run_soak import Options, soak


def main(arguments: list[str]) -> int:
    """Run, print the report, and return 1 if anything was violated."""
    parser = argparse.ArgumentParser(
        prog="./run soak", description="Loads a worker with jobs, attacks and faults."
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="length of the run; default: 5")
    parser.add_argument("--seed", default="", help="repeats the choices of a run; default: a new one")
    parser.add_argument(
        "--skip", action="append", default=[], metavar="KIND", help="a kind of body, client or fault to leave out"
    )
    given = parser.parse_args(arguments)
    seed = given.seed or secrets.token_hex(4)
    enter_private_mounts([*arguments, "--seed", seed])
    options = Options(given.minutes, seed, frozenset(given.skip))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line for each request to the S3 server
    write(f"Seed {seed}; {'root' if os.geteuid() == 0 else 'not root'}; {given.minutes:g} min …")
    run = asyncio.run(soak(options))
    write(make_report(run.record, run.health, run.usage, seed=seed, minutes=given.minutes))
    return 1 if run.record.violations else 0


def write(text: str) -> None:
    """Print a text at once."""
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
