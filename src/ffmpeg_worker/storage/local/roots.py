"""The local folders that jobs may read and write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ffmpeg_worker.job.file_names import is_hidden


class LocalRoots:
    """The data root, which relative names start from, and further folders allowed by absolute path.

    Links are resolved before the check, so a link that leads out of the roots is refused.
    """

    def __init__(self, data_root: Path, allowed_roots: Sequence[Path] = ()) -> None:
        data_root.mkdir(parents=True, exist_ok=True)
        self.data_root = data_root.resolve()
        self.folders = (self.data_root, *(root.resolve() for root in allowed_roots))
        """The data root and the allowed folders."""
        self.device = self.data_root.stat().st_dev
        """The disk of the data root."""

    def hides(self, path: Path) -> bool:
        """Whether a resolved path is hidden, or in a hidden folder, below every root that it is in.

        Outside of the other roots nothing is hidden where the operator allows the whole machine.
        """
        roots = [self.data_root, *(root for root in self.folders if root != Path("/"))]
        parts = [path.relative_to(root).parts for root in roots if path.is_relative_to(root)]
        return bool(parts) and all(is_hidden(below) for below in parts)

    def resolve(self, name: str) -> Path | None:
        """The path that a name refers to, links resolved; `None` if it is outside the roots."""
        try:
            path = (self.data_root / name).resolve()
        except (OSError, RuntimeError, ValueError):
            return None
        return path if any(path.is_relative_to(root) for root in self.folders) else None
