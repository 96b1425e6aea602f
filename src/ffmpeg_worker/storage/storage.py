"""The seam between the pipeline and any store, and the choice of a store by URL scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.sources import FileSource


class Storage(Protocol):
    """A store that inputs are fetched from."""

    async def fetch(self, source: FileSource, folder: Path) -> Path:
        """Make the source a regular local file and say where it lies.

        A store on this machine may answer with the file's own place; any other writes below `folder`.

        Raises:
            SourceError: no such file, not allowed, or not usable.
        """
        ...

    async def find(self, pattern: str) -> list[Path]:
        """Local files whose names match a pattern (`%04d` or shell wildcards), sorted.

        Raises:
            SourceError: not allowed, or none.
        """
        ...


class Target(Protocol):
    """A store that outputs are delivered to."""

    def check(self, name: str) -> None:
        """Refuse a name that this store will not take, before any work is done.

        Raises:
            TargetError: with the reason.
        """
        ...

    async def put(self, files: Mapping[str, Path]) -> Mapping[str, Path]:
        """Deliver local files under their final names, all of them or none; say where they lie.

        Raises:
            TargetError: nothing was left behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores that are open. `sources` is keyed by URL scheme; `None` is the key of plain paths."""

    sources: Mapping[str | None, Storage]
    target: Target

    def source(self, source: FileSource) -> Storage:
        """The store that serves a source.

        Raises:
            UnsupportedFeature: none serves its scheme.
        """
        store = self.sources.get(source.scheme)
        if store is None:
            raise UnsupportedFeature(
                f'Inputs from "{source.scheme}://" are not served by this version.',
                hint="Put the file under the worker's data root and name it.",
            )
        return store
