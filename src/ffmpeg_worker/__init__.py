"""FFmpeg Worker: turns a JSON job into media, behind HTTP, RunPod and the terminal."""

__version__ = "0.1.0"
