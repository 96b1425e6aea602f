"""Where RunPod's Hub looks for a handler; the worker's own is in `runpod/`."""

from __future__ import annotations

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parents[1] / "runpod/handler.py"), run_name="__main__")
