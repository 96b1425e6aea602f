"""The RunPod worker's entry point: `python3 runpod/handler.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from ffmpeg_worker.runpod_worker import handler, main

__all__ = ["handler"]

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
