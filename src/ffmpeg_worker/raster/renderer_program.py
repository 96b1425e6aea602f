"""The renderer's program: one order in, frames out.

    order   {"scene", "first", "last", "form": "yuv420p" | "rgba" | "png", "threads"}, one line of JSON;
            or {"scene", "form": "measure"}
    frames  raw, one after the other without anything between; or one PNG; or a `TextMetrics` in JSON
    notes   on standard error, lines of JSON: {"warning"}, or last
            {"error", "code", "fault", "hint", "where", "detail"}

It is forked, everything loaded, into the folder of its job, and confined before it reads the order.
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

from ffmpeg_worker.raster.draw_frames import draw_frames, draw_png
from ffmpeg_worker.raster.errors import RasterError, out_of_memory
from ffmpeg_worker.raster.measure_texts import measure_texts
from ffmpeg_worker.raster.warm_up import warm_up
from ffmpeg_worker.scene.scene_json import decode_scene, encode_text_metrics

_FAILED = 3
_CV_NO_MEMORY = -4


def serve(orders: BinaryIO, frames: BinaryIO) -> None:
    """Obey one order; a process of its own, which ends here when it fails."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # it would look like one that somebody has killed
    order = json.loads(orders.readline())
    try:
        frames.writelines(_draw(order))
        frames.flush()
    except RasterError as error:
        _fail(error)
    except MemoryError:
        _fail(out_of_memory())
    except cv2.error as error:
        if error.code != _CV_NO_MEMORY:
            raise
        _fail(out_of_memory())
    except BrokenPipeError:
        os._exit(_FAILED)  # whoever encodes the frames has ended, and says why


def _draw(order: dict[str, Any]) -> Iterator[memoryview | bytes]:
    # Ranges are drawn by processes of their own, side by side.
    cv2.setNumThreads(1)
    scene = decode_scene(order["scene"])
    if order["form"] == "measure":
        yield encode_text_metrics(measure_texts(scene, Path()))
        return
    if order["form"] == "png":
        yield draw_png(scene, order["first"], Path(), threads=order["threads"], on_warning=_warn)
        return
    yield from draw_frames(
        scene,
        range(order["first"], order["last"]),
        Path(),
        is_transparent=order["form"] == "rgba",
        threads=order["threads"],
        on_warning=_warn,
    )


def _warn(text: str) -> None:
    _note({"warning": text})


def _fail(error: RasterError) -> None:
    note = {
        "error": error.message,
        "code": error.code,
        "fault": "caller",
        "hint": error.hint,
        "where": error.where,
    }
    note["detail"] = repr(error.__cause__) if error.__cause__ else None
    _note({key: value for key, value in note.items() if value})
    os._exit(_FAILED)


def _note(note: dict[str, str]) -> None:
    sys.stderr.write(json.dumps(note) + "\n")
    sys.stderr.flush()


try:
    warm_up()
except OSError as error:  # no place for temporary files: most of it is loaded all the same
    os.write(sys.stderr.fileno(), f"renderer not warmed up: {error}\n".encode())
