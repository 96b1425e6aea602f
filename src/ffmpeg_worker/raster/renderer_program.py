"""The renderer program: reads one request, writes frames.

    request  {"scene", "first", "last", "form": "yuv420p" | "rgba" | "png", "threads"}, one line of JSON;
             or {"scene", "form": "measure"};
             both with "tickets" of files by name that are read by range, and "streams" of descriptors by name
    output   raw frames, one after the other without separators; or one PNG; or text metrics as JSON
    notes    on standard error, lines of JSON: {"warning"}, or at the end
             {"error", "code", "fault", "hint", "where", "detail"}

The process is forked in its job's folder with everything loaded, and confined before it reads the request.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

# Before numpy is loaded: a process with threads cannot be forked safely.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import cv2

from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.raster.draw_frames import draw_frames, draw_png
from ffmpeg_worker.raster.errors import RasterError, lacks_memory, out_of_memory
from ffmpeg_worker.raster.measure_texts import measure_texts
from ffmpeg_worker.raster.media.open_container import drain_streams, use_streams, use_tickets
from ffmpeg_worker.raster.warm_up import warm_up
from ffmpeg_worker.scene.scene_json import decode_scene, encode_text_metrics

_EXIT_FAILED = 3


def serve(requests: BinaryIO, output: BinaryIO) -> None:
    """Answer one request; the process exits here if it fails."""
    # A broken pipe becomes an error, as death by a signal would be reported as "killed".
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    request = json.loads(requests.readline())
    use_tickets(request.get("tickets", {}))
    use_streams(request.get("streams", {}))
    try:
        output.writelines(_render(request))
        output.flush()
        drain_streams()
    except RasterError as error:
        _fail(error)
    except (MemoryError, cv2.error) as error:
        if not lacks_memory(error):
            raise
        _fail(out_of_memory())
    except BrokenPipeError:
        os._exit(_EXIT_FAILED)  # the encoder that reads the frames has ended, and reports why


def _render(request: dict[str, Any]) -> Iterator[memoryview | bytes]:
    # One thread: ranges of frames are drawn by parallel processes.
    cv2.setNumThreads(1)
    scene = decode_scene(request["scene"])
    if request["form"] == "measure":
        yield encode_text_metrics(measure_texts(scene, Path()))
        return
    if request["form"] == "png":
        yield draw_png(scene, request["first"], Path(), threads=request["threads"], on_warning=_warn)
        return
    yield from draw_frames(
        scene,
        range(request["first"], request["last"]),
        Path(),
        is_transparent=request["form"] == "rgba",
        threads=request["threads"],
        on_warning=_warn,
    )


def _warn(text: str) -> None:
    _write_note({"warning": text})


def _fail(error: RasterError) -> None:
    note = {
        "error": str(error),
        "code": error.code,
        "fault": ("source" if CODES[error.code].fault is Fault.SOURCE else "caller"),
        "hint": error.hint,
        "where": error.where,
        "detail": repr(error.__cause__) if error.__cause__ else None,
    }
    _write_note({key: value for key, value in note.items() if value})
    os._exit(_EXIT_FAILED)


def _write_note(note: dict[str, str]) -> None:
    sys.stderr.write(json.dumps(note) + "\n")
    sys.stderr.flush()


try:
    warm_up()
except OSError as error:  # no folder for temporary files; most modules are loaded nevertheless
    os.write(sys.stderr.fileno(), f"renderer not warmed up: {error}\n".encode())
