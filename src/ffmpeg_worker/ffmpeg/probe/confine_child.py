"""The first line that a child of a probe program reads: what it may access, and the folder of its job."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import BinaryIO

from ffmpeg_worker.ffmpeg.probe.probe_descriptors import LISTENER_TO
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED, PreparedConfinement
from ffmpeg_worker.sandbox.confinement import Confinement


def confine_child(requests: BinaryIO, replies: BinaryIO) -> bool:
    """Apply the line `{"confinement": …, "root": …}`; return false if it cannot be, after an answer that says why.

    A confinement with tickets sends its listener over descriptor `LISTENER_TO`.
    """
    try:
        _apply(requests.readline())
    except (OSError, ValueError) as error:
        reply = {"error": CONFINEMENT_FAILED, "detail": str(error)}
        replies.write(json.dumps(reply).encode() + b"\n")
        return False
    return True


def _apply(line: bytes) -> None:
    order = json.loads(line or b"null")
    if order is None:  # the worker has ended
        return
    os.chdir(order["root"])
    confinement = None if order["confinement"] is None else Confinement.of_message(order["confinement"])
    if confinement is None or confinement.listener_to is None:
        with suppress(OSError):  # there is none where nothing can be confined
            os.close(LISTENER_TO)
    if confinement is not None:
        with PreparedConfinement(confinement) as prepared:
            prepared.apply(os.getppid())
