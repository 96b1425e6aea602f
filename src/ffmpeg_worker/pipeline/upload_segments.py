"""Uploads segments of HLS and DASH while their command still writes the next ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.output_files import final_name, find_companions
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.tasks import cancel_and_wait

_PAUSE_S = 0.5
_REWRITTEN = frozenset({".m3u8", ".mpd", ".key"})


@asynccontextmanager
async def upload_segments(lane: Lane, folder: Path, delivery: LaneDelivery) -> AsyncIterator[None]:
    """Watch the folder of a lane with one playlist, and send its segments as they are finished."""
    playlists = [artifact for artifact in lane.artifacts if artifact.kind is ArtifactKind.PLAYLIST]
    if len(playlists) != 1:
        yield
        return
    watch = asyncio.ensure_future(_Watch(lane, playlists[0], folder, delivery).run())
    try:
        yield
    finally:
        await cancel_and_wait(watch)


class _Watch:
    """Guesses which segments are finished; a wrong guess is sent again when the outputs are delivered."""

    def __init__(self, lane: Lane, playlist: Artifact, folder: Path, delivery: LaneDelivery) -> None:
        self._lane = lane
        self._playlist = playlist
        self._folder = folder
        self._delivery = delivery
        self._seen: dict[str, tuple[int, int]] = {}
        self._sent: set[str] = set()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S)
            self._look()

    def _look(self) -> None:
        states = self._states()
        newest = max((changed for _, changed in states.values()), default=0)
        for name, state in states.items():
            # At rest since the last look, and something newer is being written.
            if self._seen.get(name) == state and state[1] < newest:
                self._sent.add(name)
                self._delivery.send_early(final_name(self._playlist, name), self._folder, name)
        self._seen = states

    def _states(self) -> dict[str, tuple[int, int]]:
        """Size and modification time of all segments that were not sent yet."""
        found = {}
        for name in find_companions(self._folder, self._lane):
            if name in self._sent or PurePosixPath(name).suffix.lower() in _REWRITTEN:
                continue
            try:
                status = (self._folder / name).lstat()
            except OSError:
                continue
            found[name] = (status.st_size, status.st_mtime_ns)
        return found
