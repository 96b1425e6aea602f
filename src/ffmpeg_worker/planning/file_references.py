"""Classifies the files of a command: inputs of the job, paths, earlier outputs, generated sources."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.command.filter_graph import split_escaped
from ffmpeg_worker.command.name_patterns import is_sequence
from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.job.sources import MAX_URL_CHARACTERS
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.produced_names import ProducedNames

_STANDARD_STREAMS = re.compile(r"-|pipe:\d*|fd:.*")
_STANDARD_OUTPUT = frozenset({"-", "pipe:", "pipe:1"})
_PRINTED_FORMATS = frozenset("crc md5 hash streamhash framemd5 framehash framecrc ffmetadata".split())
_PLAYLIST_FORMATS = {"hls", "dash"}
_PLAYLIST_SUFFIXES = {".m3u8", ".mpd"}
# Text and headerless streams: nothing in such a file shows whether it is correct. DASH manifests: the embedded
# probe has a muxer for them but no demuxer.
_OPAQUE_SUFFIXES = frozenset(
    ".mpd .srt .vtt .ass .ssa .sub .lrc .ttml .txt .json .xml .csv .log .md5 .ini .ffmeta .trf .yuv .rgb .raw "
    ".bin .pcm .s16 .f32".split()
)
_OPAQUE_MUXERS = frozenset(
    "dash srt webvtt ass lrc ttml jacosub microdvd ffmetadata rawvideo data md5 hash framemd5 framehash framecrc "
    "crc streamhash s8 u8 s16le s16be s24le s24be s32le s32be f32le f32be f64le f64be alaw "
    "mulaw uncodedframecrc".split()
)


class InputKind(Enum):
    """The kind of an input of a command."""

    SOURCE = auto()
    """A file to fetch."""
    EARLIER_OUTPUT = auto()
    """Written by an earlier command of the chain."""
    JOINED = auto()
    """`concat:a|b`: several files in one name."""
    GENERATED = auto()
    """A source filter instead of a file."""


@dataclass(frozen=True, slots=True)
class InputReference:
    """One input of a command; `keys` are keys of `LocalFiles` or names of earlier outputs."""

    kind: InputKind
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputReference:
    """One output of a command; `name` is `None` if no file is kept (`-f null`)."""

    name: str | None
    work_name: str
    kind: ArtifactKind = ArtifactKind.FILE
    is_raw: bool = False
    """Whether it goes into the command unchanged, as the list of the tee muxer, and is not one file name."""
    is_media: bool = True
    """Whether the finished file can be opened as media."""
    entry: str | None = None
    """The master playlist that is written with it, which players open first; named as `name` is."""


def without_file_prefix(url: str) -> str:
    """`file:a.mp4` → `a.mp4`."""
    return url.removeprefix("file://").removeprefix("file:")


def read_input(group: FileGroup, inputs: Collection[str], produced: ProducedNames) -> InputReference:
    """Classify an input; `produced` are outputs of earlier commands, as the caller called them.

    Raises:
        InvalidJob: standard input, an unknown placeholder, a name no file can have or that goes up.
    """
    if group.value_of("f") == "lavfi":
        return InputReference(InputKind.GENERATED)
    placeholders.check_names(group.url, inputs)
    if group.url.startswith("concat:"):
        parts = group.url.removeprefix("concat:").split("|")
        return InputReference(InputKind.JOINED, tuple(input_key(part, inputs) for part in parts))
    if _STANDARD_STREAMS.fullmatch(group.url):
        raise InvalidJob(
            "The command reads standard input, and there is none.",
            code="standard_stream",
            hint='Name a file: an entry of "inputs", a path or a URL.',
            where={"argument": "-i"},
        )
    key = _key(group.url)
    if key not in inputs and produced.include(key):
        return InputReference(InputKind.EARLIER_OUTPUT, (key,))
    return InputReference(InputKind.SOURCE, (input_key(group.url, inputs),))


def input_key(text: str, inputs: Collection[str]) -> str:
    """The key for a field such as `input1`: the name of an input (bare or as a placeholder), else a path or URL.

    Raises:
        InvalidJob: an unknown placeholder, or a name no file can have.
    """
    placeholders.check_names(text, inputs)
    key = _key(text)
    if key not in inputs and "://" not in key:
        check_name(key, what="input")
    if len(key) > MAX_URL_CHARACTERS:
        raise InvalidJob(
            f"The URL of an input is longer than {MAX_URL_CHARACTERS} characters.",
            code="invalid_name",
            hint="Use a shorter address.",
        )
    return key


def is_concat_list(group: FileGroup) -> bool:
    """Whether an input is a list for the concat demuxer."""
    return group.value_of("f") == "concat" or (not group.has("f") and group.url.lower().endswith(".ffconcat"))


def _key(url: str) -> str:
    return placeholders.sole_name(url) or without_file_prefix(url)


def work_name(name: str) -> str:
    """The path of an output, relative to the working directory; `name` is the caller's name."""
    path = PurePosixPath(name)
    return path.name if path.is_absolute() else str(path)


def is_printed(group: FileGroup) -> bool:
    """Whether an output is text on standard output (`-f md5 -`), which becomes a part of the log."""
    return group.value_of("f") in _PRINTED_FORMATS and group.url in _STANDARD_OUTPUT


def read_output(group: FileGroup) -> OutputReference:
    """Classify an output.

    Raises:
        InvalidJob: standard output, a name no file can have, that goes up, or that is the worker's own.
        UnsupportedFeature: a URL.
    """
    muxer = group.value_of("f")
    url = without_file_prefix(group.url)
    if muxer == "null" or is_printed(group):
        return OutputReference(None, "-", is_raw=True)
    if muxer == "tee" or url == "/dev/null":
        return OutputReference(None, url, is_raw=True)
    if _STANDARD_STREAMS.fullmatch(url):
        raise InvalidJob(
            "The command writes to standard output, which nobody receives.",
            code="standard_stream",
            hint='Name a file, or use "-f null -" to only measure. Text such as that of "-f md5 -" is in "logs".',
            where={"argument": url},
        )
    if "://" in url:
        raise UnsupportedFeature(
            "The command writes to a URL.",
            hint="Name a file; outputs are delivered after they have been verified.",
            where={"argument": url.partition("://")[0] + "://…"},
        )
    check_name(url, what="output")
    written = work_name(url)
    parts = PurePosixPath(written).parts
    if not parts:
        raise InvalidJob("The output name names no file.", code="invalid_name", hint="Give the name of a file.")
    if parts[0] == STAGING_FOLDER:
        raise InvalidJob(
            f'The folder "{STAGING_FOLDER}" is the worker\'s own.',
            code="invalid_name",
            hint="Choose another folder for the output.",
        )
    return OutputReference(
        url, written, _kind(url, group), is_media=_is_media(url, group), entry=_entry(url, group)
    )


def side_output(name: str) -> OutputReference:
    """The reference of a file that an option names, such as the list of the segment muxer."""
    is_playlist = PurePosixPath(name).suffix.lower() == ".m3u8"
    return OutputReference(name, name, ArtifactKind.PLAYLIST if is_playlist else ArtifactKind.FILE, is_media=False)


def tee_outputs(group: FileGroup) -> tuple[OutputReference, ...]:
    """The files in the list of the tee muxer, each with its own options."""
    references = []
    for entry in split_escaped(group.url, "|") if group.value_of("f") == "tee" else ():
        options, _, name = entry.rpartition("]")
        muxer = dict(option.partition("=")[::2] for option in options.lstrip("[").split(":")).get("f")
        if name and not name.startswith("/") and ":" not in name:
            references.append(read_output(FileGroup(False, name, (Option("-f", muxer),) if muxer else ())))
    return tuple(reference for reference in references if reference.name is not None)


def _is_media(name: str, group: FileGroup) -> bool:
    if group.value_of("f") == "hls":
        return True  # whatever its name
    if group.has("segment_header_filename"):
        return False  # the segments lack their header
    return group.value_of("f") not in _OPAQUE_MUXERS and PurePosixPath(name).suffix.lower() not in _OPAQUE_SUFFIXES


def _entry(name: str, group: FileGroup) -> str | None:
    """FFmpeg writes the master playlist beside the playlists, or above the folders of the variants (`%v`)."""
    master = group.value_of("master_pl_name")
    if not master:
        return None
    folder = PurePosixPath(name).parent
    return str((folder.parent if "%v" in folder.name else folder) / master)


def _kind(name: str, group: FileGroup) -> ArtifactKind:
    if group.value_of("f") in _PLAYLIST_FORMATS or PurePosixPath(name).suffix.lower() in _PLAYLIST_SUFFIXES:
        return ArtifactKind.PLAYLIST
    return ArtifactKind.SEQUENCE if is_sequence(name) or group.has("strftime") else ArtifactKind.FILE
