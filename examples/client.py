"""Runs a job with this package's client, shows its progress, and fetches its outputs into the current folder.

pip install ffmpeg-worker
FFMPEG_API_BASE_URL=http://127.0.0.1:3000 FFMPEG_WORKER_API_KEYS=… python3 client.py runpod-console/process.json
RUNPOD_API_KEY=… RUNPOD_ENDPOINT_ID=… python3 client.py runpod-console/s3.json
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ffmpeg_worker.client import ApiError, Client


def main(job_file: Path) -> None:
    endpoint_id = os.environ.get("RUNPOD_ENDPOINT_ID")
    with Client.for_runpod(endpoint_id) if endpoint_id else Client() as client:
        job = client.submit(json.loads(job_file.read_text(encoding="utf-8")))
        for event in client.watch(job):
            if event.type == "progress":
                sys.stderr.write(f"{event.progress.stage} {event.progress.percent:.0f} %\n")
        result = client.wait(job)
        for output in result.get("outputs", ()):
            if output.get("url"):
                client.download(job, output["name"], Path(output["name"]).name)
        json.dump(result, sys.stdout, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except ApiError as error:
        sys.exit(" ".join(filter(None, [error.message, error.hint])))
