"""The RunPod door: takes RunPod's jobs, has the HTTP door run them, answers as RunPod expects."""

from ffmpeg_worker.runpod_worker.start import handler, main

__all__ = ["handler", "main"]
