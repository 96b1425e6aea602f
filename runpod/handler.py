"""The RunPod worker's entry point: `python3 runpod/handler.py`."""

from __future__ import annotations

import sys
from pathlib import Path

try:
    from ffmpeg_worker.runpod_worker import handler, main
except ModuleNotFoundError as error:
    if error.name != "ffmpeg_worker":
        raise
    sys.exit(f"ffmpeg-worker is not installed for {sys.executable}: pip install . in the project's folder.")

__all__ = ["handler"]

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
