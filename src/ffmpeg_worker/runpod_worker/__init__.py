"""RunPod's serverless worker: takes jobs from RunPod and runs them through the HTTP API."""

from ffmpeg_worker.runpod_worker.start import handler, main

__all__ = ["handler", "main"]
