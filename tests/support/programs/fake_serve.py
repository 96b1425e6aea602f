"""A fake `ffmpeg-worker serve` as a child process: it reports that it is ready, and ends when its lifeline closes.

Arguments: a mode, a file that gets one JSON line at each start, then those of `serve`. Modes: "ready" listens on
nothing, "refuses" ends with exit code 78, "dies" ends with 3 before it is ready, "nonsense" says no address.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_KEYS = ("RUNPOD_AI_API_KEY", "RUNPOD_API_KEY", "FFMPEG_WORKER_RUNPOD_API_KEY")


def main(mode: str, journal: str, *options: str) -> int:
    """Behave as the mode requires."""
    ready = int(options[options.index("--ready-fd") + 1])
    lifeline = int(options[options.index("--lifeline-fd") + 1])
    started = {
        "pid": os.getpid(),
        "options": options,
        "keys": os.environ["FFMPEG_WORKER_API_KEYS"],
        "host": os.environ["FFMPEG_WORKER_HOST"],
        "data_root": os.environ.get("FS_PATH"),
        "platform_keys": [name for name in _KEYS if name in os.environ],
    }
    with Path(journal).open("a") as file:
        file.write(json.dumps(started) + "\n")
    if mode in {"refuses", "dies"}:
        return 78 if mode == "refuses" else 3
    line = "listening\n" if mode == "nonsense" else json.dumps({"url": "http://127.0.0.1:9"}) + "\n"
    os.write(ready, line.encode())
    os.close(ready)
    os.read(lifeline, 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
