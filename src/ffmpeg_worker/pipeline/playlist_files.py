"""The files of playlists: those that the manifests name, and whatever else their commands wrote."""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.command.manifest import Manifest
from ffmpeg_worker.command.name_patterns import NamePatterns
from ffmpeg_worker.pipeline.fetch.referenced_files import find_key_files
from ffmpeg_worker.pipeline.output_files import find_companions, find_files, list_files, sort_naturally
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.sandbox.beneath import read_beneath

_DIGITS = re.compile(r"\d+")
_MAX_SHOWN = 128
_MAX_MANIFEST_BYTES = 4 << 20
"""The rest of a longer manifest is not read; its files are delivered as all that was written is."""
_HEAD_BYTES = 4096
_MANIFEST_SUFFIXES = frozenset({".m3u8", ".mpd"})

ReadManifest = Callable[[str], Awaitable[Manifest | None]]
"""Reads the text of a manifest where that may take time."""


@dataclass(frozen=True, slots=True)
class PlaylistFiles:
    """The files that one output of HLS or DASH stands for.

    Attributes:
        names: all of them, the playlist that players open first at the beginning.
        is_playable: whether a player finds all that the playlist needs in the folder: its segments and keys.
        warnings: what the caller should know about the playlist.
    """

    names: tuple[str, ...]
    is_playable: bool = True
    warnings: tuple[str, ...] = ()


async def find_playlist_files(
    lane: Lane, folder: Path, read: ReadManifest, *, beside: Sequence[Lane] = ()
) -> Mapping[str, PlaylistFiles]:
    """The files of each playlist of a lane, by the path of the artifact.

    A file that no manifest names goes to the playlist whose files have names like its own.

    Args:
        lane: a lane whose commands have ended.
        folder: its working directory. Nothing outside of it is read.
        read: see `ReadManifest`.
        beside: lanes whose commands ran in the same folder; their files are left to them.
    """
    if not any(artifact.kind is ArtifactKind.PLAYLIST for artifact in lane.artifacts):
        return {}
    manifests = _Manifests(folder, read)
    groups, taken = _find_groups((lane, *beside), folder)
    for group in groups:
        await group.follow(group.mains, manifests, taken)
    written = find_companions(folder, lane, *beside)
    for name in written:  # a master playlist names the playlists, and none of them names it
        manifest = None if any(name in group.files for group in groups) else await manifests.of(name)
        if manifest is not None:
            named = {*resolve(name, manifest.names)}
            group = next((one for one in groups if named & {*one.mains, *one.files}), groups[0])
            await group.follow([name], manifests, taken)
    claimed = {name for group in groups for name in group.files}
    for name in written:
        if name not in claimed and _size(folder, name) > 0:
            max(groups, key=lambda group: group.likeness(name)).files.add(name)
    return {
        group.artifact.work_name: group.result(manifests, lane)
        for group in groups
        if group.artifact in lane.artifacts
    }


def _find_groups(lanes: Sequence[Lane], folder: Path) -> tuple[list[_Group], set[str]]:
    """A group for each playlist, and the files of no playlist: outputs of their own, and those of the caller."""
    groups: list[_Group] = []
    taken = {
        name for lane in lanes for name in (*lane.referenced_files, *find_key_files(lane.key_info_files, folder))
    }
    for artifact in (artifact for lane in lanes for artifact in lane.artifacts):
        names = find_files(artifact, folder)
        taken |= {*names}
        if artifact.kind is ArtifactKind.PLAYLIST:
            groups.append(_Group(artifact, names))
    return groups, taken


def _size(folder: Path, name: str) -> int:
    try:
        return (folder / name).lstat().st_size
    except OSError:
        return 0


def resolve(manifest: str, names: Iterable[str]) -> Iterator[str]:
    """Paths of files that a manifest names, relative to the folder that its own path is relative to."""
    folder = posixpath.dirname(manifest)
    return (posixpath.normpath(posixpath.join(folder, name)) for name in names)


class _Manifests:
    """The manifests in a folder, each read once."""

    def __init__(self, folder: Path, read: ReadManifest) -> None:
        self._folder = folder
        self._read = read
        self.known: dict[str, Manifest | None] = {}
        self.present = set(list_files(folder))

    async def of(self, name: str) -> Manifest | None:
        """The content of a file, if it is a manifest."""
        if name not in self.known:
            self.known[name] = await self._load(name)
        return self.known[name]

    async def _load(self, name: str) -> Manifest | None:
        if name not in self.present:
            return None
        try:
            head = await asyncio.to_thread(read_beneath, self._folder, name, _HEAD_BYTES)
            if b"#EXTM3U" not in head and b"<MPD" not in head:
                return None
            content = await asyncio.to_thread(read_beneath, self._folder, name, _MAX_MANIFEST_BYTES)
        except OSError:
            return None
        return await self._read(content.decode(errors="replace"))


@dataclass(slots=True)
class _Group:
    """One playlist: the files that its name stands for (`mains`), and `files` that belong to them."""

    artifact: Artifact
    mains: list[str]
    files: set[str] = field(default_factory=set)
    _shapes: set[str] = field(default_factory=set)

    async def follow(self, names: Collection[str], manifests: _Manifests, taken: Collection[str]) -> None:
        """Add manifests and all files that they name, but for those that are outputs of their own."""
        waiting = [name for name in names if name in manifests.present]
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            if name not in self.mains:
                self.files.add(name)
                self._shapes.add(_shape(name))
            manifest = await manifests.of(name)
            if manifest is None:
                continue
            found = {*resolve(name, (*manifest.names, *manifest.keys))} & manifests.present
            found |= {*_matches(name, manifest, manifests.present)}
            found -= {*seen, *taken}
            seen |= found
            # A playlist of segments names no other manifest: the segments are not opened.
            followed = {one for one in found if manifest.is_master or _is_manifest_name(one)}
            waiting += followed
            self.files |= found - followed
            self._shapes |= {_shape(one) for one in found - followed}

    def likeness(self, name: str) -> tuple[bool, bool, bool]:
        """Similarity of a file's name to those of this playlist; the greatest value wins."""
        main = PurePosixPath(self.artifact.work_name)
        path = PurePosixPath(name)
        is_beside = path.parent == main.parent
        return _shape(name) in self._shapes, is_beside and path.name.startswith(main.stem), is_beside

    def result(self, manifests: _Manifests, lane: Lane) -> PlaylistFiles:
        known = {name: manifests.known.get(name) for name in (*self.mains, *self.files)}
        is_master = {name for name, manifest in known.items() if manifest is not None and manifest.is_master}
        lists = {name for name, manifest in known.items() if manifest is not None}
        first = [name for name in sort_naturally(is_master) if self._leads(name, known)]
        ordered = dict.fromkeys([*first, *self.mains, *sort_naturally(lists), *sort_naturally(self.files)])
        found = [(name, manifest) for name, manifest in known.items() if manifest is not None]
        named = {one for name, manifest in found for one in resolve(name, manifest.names)}
        keys = {one for name, manifest in found for one in resolve(name, manifest.keys)}
        missing = named - manifests.present
        is_here = all(manifest.is_hls and not manifest.leads_away for _, manifest in found)
        return PlaylistFiles(
            tuple(ordered),
            is_playable=bool(found) and is_here and not missing and keys <= manifests.present,
            warnings=(*self._missing(missing, lane), *self._dropped([one for _, one in found], named, lane)),
        )

    def _leads(self, name: str, known: Mapping[str, Manifest | None]) -> bool:
        """Whether a master playlist is what players open first: not beside a manifest of DASH."""
        main = known.get(self.mains[0]) if self.mains else None
        return name in self.mains or main is None or main.is_hls

    def _missing(self, missing: Collection[str], lane: Lane) -> Iterator[str]:
        if missing and not any(option.name == "hls_base_url" for option in _options(lane)):
            yield (
                f'The playlist "{self.artifact.name[:_MAX_SHOWN]}" names {len(missing)} file(s) that the command '
                f'did not write, such as "{min(missing)[:_MAX_SHOWN]}".'
            )

    def _dropped(self, found: Sequence[Manifest], named: Collection[str], lane: Lane) -> Iterator[str]:
        """Tell that a playlist lists its last segments only, unless the command deletes the others as well."""
        windows = [manifest for manifest in found if manifest.first_segment > 0]
        shapes = {_shape(name) for name in named}
        dropped = [name for name in self.files if name not in named and _shape(name) in shapes]
        deletes = any(o.name == "hls_flags" and "delete_segments" in (o.value or "") for o in _options(lane))
        if windows and dropped and not deletes:
            yield (
                f'The playlist "{self.artifact.name[:_MAX_SHOWN]}" lists the last {windows[0].segments} segments '
                f"only; {len(dropped)} earlier ones were written too. To list all of them, add -hls_list_size 0."
            )


def _options(lane: Lane) -> Iterator[Option]:
    for read in lane.chain.commands if lane.chain is not None else ():
        yield from read.line.options()


def _matches(name: str, manifest: Manifest, present: Collection[str]) -> Iterator[str]:
    if not manifest.patterns:
        return
    patterns = NamePatterns()
    for pattern in resolve(name, manifest.patterns):
        patterns.add_output(pattern)
    yield from (found for found in present if patterns.match(found))


def _is_manifest_name(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _MANIFEST_SUFFIXES


def _shape(name: str) -> str:
    """A name without its numbers: segments of one playlist have equal ones."""
    return _DIGITS.sub("0", name)
