"""`python -m bench [NAME …]` runs benchmarks and prints their tables."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys

NAMES = (
    "tiny_job",
    "throughput",
    "where_time_goes",
    "probe",
    "cold_start",
    "fusion",
    "vmaf",
    "storage",
    "remote",
    "uploads",
    "sandbox",
    "smart_cut",
    "runpod",
    "gpu",
    "canvas",
    "smart_render",
    "side_by_side",
    "queued_jobs",
    "queue_scale",
    "chunks",
    "dashboard",
    "files",
)


def main() -> int:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer runs, as a check that the benchmark works")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}")
    for name in chosen.names or NAMES:
        print(f"\n{importlib.import_module(f'bench.{name}').measure(quick=chosen.quick)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
