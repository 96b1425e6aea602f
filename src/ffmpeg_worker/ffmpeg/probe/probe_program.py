"""The program of the embedded probe; children are forked from it after it has loaded everything once."""

from __future__ import annotations

import importlib
import json
from contextlib import suppress
from typing import BinaryIO

from ffmpeg_worker.ffmpeg.probe.confine_child import confine_child
from ffmpeg_worker.ffmpeg.probe.pyav_container import ProbeFailed
from ffmpeg_worker.ffmpeg.probe.pyav_probe import answer_requests, describe
from ffmpeg_worker.ffmpeg.probe.sample_mp4 import get_ready
from ffmpeg_worker.sandbox import seccomp


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Read the first line as `confine_child` does, then answer the requests in the other lines."""
    get_ready(_describe_briefly)
    if confine_child(requests, replies):
        answer_requests(requests, replies)


_LOADED_LATE = ("av.subtitles.codeccontext", "av.subtitles.stream")
"""Modules that PyAV imports when it first needs them, which a confined child could not do."""


def _describe_briefly(path: str) -> None:
    with suppress(ProbeFailed):
        json.dumps(describe(path, is_brief=True))


if seccomp.is_available():
    seccomp.prepare_filters()
for _name in _LOADED_LATE:
    importlib.import_module(_name)
get_ready(_describe_briefly)  # resolves symbols and builds the tables of libav, before any fork
