"""Uploads segments of HLS and DASH while their command still writes the next ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePosixPath

from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.output_files import final_name, find_companions
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.tasks import cancel_and_wait

_PAUSE_S = 0.5
_REWRITTEN = frozenset({".m3u8", ".mpd", ".key", ".tmp"})
"""Suffixes of files that FFmpeg writes again, or gives another name when they are complete."""


@asynccontextmanager
async def upload_segments(
    lane: Lane, folder: Path, delivery: LaneDelivery, beside: Sequence[Lane] = ()
) -> AsyncIterator[None]:
    """Watch the folder of a lane with one playlist, and send its segments as they are finished.

    Nothing is sent if one of the lanes `beside` it, which share the folder, has a playlist, too.
    """
    lanes = (lane, *beside)
    playlists = [one for each in lanes for one in each.artifacts if one.kind is ArtifactKind.PLAYLIST]
    if len(playlists) != 1 or playlists[0] not in lane.artifacts:
        yield
        return
    watch = asyncio.ensure_future(_watch(lanes, playlists[0], folder, delivery))
    try:
        yield
    finally:
        await cancel_and_wait(watch)


async def _watch(lanes: Sequence[Lane], playlist: Artifact, folder: Path, delivery: LaneDelivery) -> None:
    """Send what seems to be finished; a wrong guess is sent again when the outputs are delivered."""
    seen: dict[str, tuple[int, int]] = {}
    sent: set[str] = set()
    while True:
        await asyncio.sleep(_PAUSE_S)
        found = await asyncio.to_thread(_read_states, lanes, folder)
        states = {name: state for name, state in found.items() if name not in sent}
        newest = max((changed for _, changed in states.values()), default=0)
        for name, state in states.items():
            # At rest since the last look, and something newer is being written.
            if seen.get(name) == state and state[1] < newest:
                sent.add(name)
                delivery.send_early(final_name(playlist, name), folder, name)
        seen = states


def _read_states(lanes: Sequence[Lane], folder: Path) -> dict[str, tuple[int, int]]:
    """Size and modification time of all segments."""
    found = {}
    for name in find_companions(folder, *lanes):
        if PurePosixPath(name).suffix.lower() not in _REWRITTEN:
            with suppress(OSError):  # gone meanwhile
                status = (folder / name).lstat()
                found[name] = (status.st_size, status.st_mtime_ns)
    return found
