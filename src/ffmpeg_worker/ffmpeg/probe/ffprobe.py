"""Runs the machine's ffprobe."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineTimedOut, UnsupportedFeature
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.probe.probe_errors import crashed, not_media
from ffmpeg_worker.ffmpeg.probe.probe_process import MAX_REPLY_BYTES, PROBE_TIMEOUT_S
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.ticket import open_arguments
from ffmpeg_worker.sandbox.waiting_reads import TICKETS

_STANDARD_OPTIONS = ("-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters")


@dataclass(frozen=True, slots=True)
class Ffprobe:
    """The program, which `spawner` starts; `None` if the machine has none."""

    program: Path | None
    spawner: Spawner

    async def run(
        self,
        path: Path,
        options: Sequence[str],
        confinement: Confinement | None = None,
        file: WaitingFile | None = None,
    ) -> dict[str, Any]:
        """Run ffprobe on a file and return its JSON; the bytes of a `file` are fetched when they are read.

        Raises:
            SourceUnreadable: the file is not media, or crashes ffprobe.
            UnsupportedFeature: there is no ffprobe.
            EngineKilled: ffprobe was killed from outside, twice.
        """
        if self.program is None:
            raise UnsupportedFeature(
                'ffprobe options ("chainCmds") need ffprobe, and this worker has none.',
                hint='Remove "chainCmds", or install ffprobe and set FFPROBE_PATH.',
            )
        name = (f"file:{path.name}",) if file is None else open_arguments(TICKETS[0])
        run = partial(
            run_captured,
            self.spawner,
            [str(self.program), *_STANDARD_OPTIONS, *options, *name],
            cwd=path.parent,
            env=make_child_environment({}),
            timeout_s=PROBE_TIMEOUT_S,
            max_stdout_bytes=MAX_REPLY_BYTES,
            confinement=confinement,
            files=() if file is None else (file,),
        )
        try:
            ended = await run()
            if ended.exit.signal is not None:  # a crash, which the file has caused if it happens again
                ended = await run()
        except EngineTimedOut:
            raise crashed() from None
        if ended.exit.code is None:
            raise crashed()
        if ended.exit.code != 0:
            raise not_media(strip_log_tags(ended.log.text), path)
        document: dict[str, Any] = json.loads(ended.stdout.decode("utf-8", "replace"))
        return document


def has_unknown_size(document: Mapping[str, Any]) -> bool:
    """Whether ffprobe found pictures without their size, as an older one than FFmpeg does: animated WebP, JXL."""
    streams = document.get("streams", ())
    return any(stream.get("codec_type") == "video" and not stream.get("width") for stream in streams)
