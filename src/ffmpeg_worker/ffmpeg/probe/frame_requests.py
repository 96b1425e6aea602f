"""Requests about the coded frames of a file, which a child process of the job answers.

See `answer_about_frames` in ffmpeg/probe/. All raise SourceError and EngineError as `ProbeSession.describe` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ffmpeg_worker.ffmpeg.probe.probe_errors import crashed, explain_reason
from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.process.waiting_file import WaitingFile


async def list_coded_frames(
    probes: ProbeSession,
    path: Path,
    begin_s: float = 0.0,
    end_s: float | None = None,
    *,
    is_own: bool = False,
    file: WaitingFile | None = None,
) -> dict[str, Any]:
    """Find how the frames of a part of a video are coded; see `read_coded_frames` in planning/stream_copy/.

    The bytes of a `file` are fetched when they are read. `is_own` says that the worker has joined the file: its
    parameter sets may change.
    """
    wanted = {"begin_s": begin_s, "end_s": end_s, "may_change": is_own}
    return await probes.ask_about_frames(path, {"coded_frames": wanted}, file)


async def find_sound_ends(probes: ProbeSession, path: Path) -> dict[str, Any]:
    """Find when the packets of the first sound begin and end; see `ffmpeg/probe/pyav_coded_frames.py`."""
    return await probes.ask_about_frames(path, {"sound_ends": True})


async def decode_ends(probes: ProbeSession, path: Path, first_frames: int, last_key: int) -> dict[str, Any]:
    """Decode the frames at both ends of a video; see `ffmpeg/probe/pyav_decode.py`."""
    wanted = {"first_frames": first_frames, "last_key": last_key}
    return await probes.ask_about_frames(path, {"decode_ends": wanted})


async def join_packets(
    probes: ProbeSession,
    folder: Path,
    make_order: Callable[[str], Mapping[str, Any]],
    seconds: float,
    files: Mapping[str, WaitingFile],
) -> tuple[str, float]:
    """Join packets of files in a `folder` of the job, in a child that may write there for `seconds`.

    `make_order` returns the order for the name that the folder has in the child; see `ffmpeg/probe/pyav_join.py`.
    The bytes of `files`, by their names in the folder, are fetched when they are read.

    Returns:
        What does not fit, as a clause, empty if all went well; and the processor time in seconds.
    """
    async with probes.within_deadline():
        process, shown = await probes.take_writer(folder, seconds)
        named = {f"{shown}/{name}": file for name, file in files.items()}
        try:
            reply = await process.ask(folder, files=named, join=make_order(shown))
        finally:
            await process.close()
    if reply is None:
        raise crashed()
    if "ok" not in reply:
        raise explain_reason(reply["error"], folder)
    return str(reply["ok"].get("problem", "")), process.cpu_seconds
