"""The program of the embedded probe; children are forked from it after it has loaded everything once."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import wave
from contextlib import suppress
from itertools import product
from typing import Any, BinaryIO

from ffmpeg_worker.ffmpeg.probe.probe_descriptors import LISTENER_TO
from ffmpeg_worker.ffmpeg.probe.pyav_probe import answer_requests, describe
from ffmpeg_worker.sandbox import seccomp
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED, PreparedConfinement
from ffmpeg_worker.sandbox.confinement import Confinement


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Apply the first line, `{"confinement": …, "root": …}`, then answer the requests in the other lines.

    A confinement with tickets sends its listener over descriptor `LISTENER_TO`.
    """
    try:
        _confine(json.loads(requests.readline() or b"null"))
    except (OSError, ValueError) as error:
        reply = {"error": CONFINEMENT_FAILED, "detail": str(error)}
        replies.write(json.dumps(reply).encode() + b"\n")
        return
    answer_requests(requests, replies)


def _confine(order: dict[str, Any] | None) -> None:
    if order is None:
        return
    os.chdir(order["root"])
    confinement = None if order["confinement"] is None else Confinement.of_message(order["confinement"])
    if confinement is None or confinement.listener_to is None:
        with suppress(OSError):  # there is none where nothing can be confined
            os.close(LISTENER_TO)
    if confinement is not None:
        with PreparedConfinement(confinement) as prepared:
            prepared.apply(os.getppid())


_LOADED_LATE = ("av.subtitles.codeccontext", "av.subtitles.stream")
"""Modules that PyAV imports when it first needs them, which a confined child could not do."""


def _warm_up() -> None:
    """Import everything, and describe a tenth of a second of silence.

    This resolves symbols and builds the tables of libav. A fork then probes its first file a third faster.
    """
    for name in _LOADED_LATE:
        importlib.import_module(name)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(1600))
        file.flush()
        describe(file.name)


def _prepare_filters() -> None:
    """Build the seccomp filters, which every child would build anew."""
    for shares_user, may_signal in product((True, False), repeat=2):
        seccomp.filter_for(shares_user=shares_user, may_signal=may_signal)


if seccomp.is_available():
    _prepare_filters()
try:
    _warm_up()
except OSError as error:  # temporary files cannot be written: the first probes are only slower
    os.write(sys.stderr.fileno(), f"probe not warmed up: {error}\n".encode())
