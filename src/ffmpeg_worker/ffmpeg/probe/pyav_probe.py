"""Describes media files with PyAV in the JSON shape of ffprobe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

from av.container import InputContainer

from ffmpeg_worker.ffmpeg.probe.heif_size import read_heif_size
from ffmpeg_worker.ffmpeg.probe.picture_headers import read_picture_header
from ffmpeg_worker.ffmpeg.probe.pyav_brief import (
    QUICK_DECODERS,
    describe_streams,
    find_pixels,
)
from ffmpeg_worker.ffmpeg.probe.pyav_coded_frames import find_sound_ends, read_coded_frames
from ffmpeg_worker.ffmpeg.probe.pyav_container import ProbeFailed, find_file, open_container, read_head
from ffmpeg_worker.ffmpeg.probe.pyav_decode import decode_ends
from ffmpeg_worker.ffmpeg.probe.pyav_join import join_packets
from ffmpeg_worker.ffmpeg.probe.pyav_packets import index_packets
from ffmpeg_worker.ffmpeg.probe.pyav_streams import describe_stream, format_ratio, format_time
from ffmpeg_worker.ffmpeg.probe.pyav_summary import read_summary
from ffmpeg_worker.ffmpeg.probe.undecoded_times import (
    find_first_times,
    has_segment_times,
    is_matroska,
    may_be_certain,
    states_size,
)
from ffmpeg_worker.sandbox.ticket import Ticket

if TYPE_CHECKING:
    from av.container.core import Chapter

_MICROSECOND = Fraction(1, 1_000_000)
_SHOWS_STREAM_IDS = 0x0008  # AVFMT_SHOW_IDS


def describe(
    path: str,
    *,
    is_own_playlist: bool = False,
    is_brief: bool = False,
    skips_pixels: bool = False,
    ticket: int | None = None,
) -> dict[str, Any]:
    """Describe a file as `ffprobe -show_format -show_streams -show_chapters -of json` does (docs/probe.md).

    Unknown values are left out. Only one call may run at a time, because it reads the log of libav.

    Args:
        path: absolute, or relative to the working directory.
        is_own_playlist: the job wrote it with FFmpeg's HLS muxer.
        is_brief: leave out what `read_media` (job/media.py) does not read.
        skips_pixels: leave pixel format and colors out of a brief description where that is faster.
        ticket: the file is read through it, and `path` only names it.

    Raises:
        ProbeFailed: the file cannot be described.
    """
    file = find_file(path, ticket)
    if is_brief:
        brief = _describe_briefly(file, path, is_own_playlist=is_own_playlist, skips_pixels=skips_pixels)
        if brief is not None:
            return brief
    with open_container(file, is_own_playlist=is_own_playlist) as container:
        described = _add_picture(_describe_container(container, path, file.stat().st_size), file)
    still = read_heif_size(file)
    return {**described, "still_image": dict(zip(("width", "height"), still, strict=True))} if still else described


def _describe_briefly(
    file: Path | Ticket, path: str, *, is_own_playlist: bool, skips_pixels: bool
) -> dict[str, Any] | None:
    """Describe a file without decoding pictures; `None` if that does not tell everything."""
    head = read_head(file)
    if not is_own_playlist and not may_be_certain(head, is_fetched=isinstance(file, Ticket)):
        return None
    with open_container(file, is_own_playlist=is_own_playlist, options=QUICK_DECODERS) as container:
        is_segmented = is_own_playlist or not states_size(head)
        skips_pixels = skips_pixels and not is_segmented
        pixels = [{} if skips_pixels else find_pixels(stream) for stream in container.streams]
        if not pixels or None in pixels or (is_segmented and not has_segment_times(container)):
            return None
        streams = describe_streams(container, read_summary(container))
        described = [stream | (found or {}) for stream, found in zip(streams, pixels, strict=True)]
        document = {"streams": described, "format": _describe_format(container, path, file.stat().st_size, None)}
        return _add_first_times(document, container, head) if is_matroska(head) else document


def _add_first_times(document: dict[str, Any], container: InputContainer, head: bytes) -> dict[str, Any] | None:
    """Add the times of streams that were not decoded; `None` if they are not certain."""
    times = find_first_times(container, head)
    if times is None:
        return None
    for number, first in times.items():
        start_s = format_time(first, container.streams[number].time_base)
        document["streams"][number] |= {"start_pts": first, "start_time": start_s}
    starts = [stream["start_time"] for stream in document["streams"] if "start_time" in stream]
    document["format"]["start_time"] = min(starts, key=float)
    return document


def index(path: str, *, ticket: int | None = None) -> dict[str, Any]:
    """Find the frames of a video by its packets; see `index_packets`, and `describe` for the ticket.

    Raises:
        ProbeFailed: the file cannot be read.
    """
    with open_container(find_file(path, ticket)) as container:
        return index_packets(container)


def answer_about_frames(path: str, request: Mapping[str, Any], *, ticket: int | None = None) -> dict[str, Any]:
    """Answer a request that `read_coded_frames`, `find_sound_ends` or `decode_ends` describes.

    See `describe` for the ticket.

    Raises:
        ProbeFailed: the file cannot be read.
    """
    with open_container(find_file(path, ticket)) as container:
        match request:
            case {"coded_frames": wanted}:
                return read_coded_frames(container, **wanted)
            case {"sound_ends": _}:
                return find_sound_ends(container)
            case {"decode_ends": wanted}:
                return decode_ends(container, **wanted)
            case _:
                raise ValueError(f"unknown request: {sorted(request)}")


def join(order: Mapping[str, Any], tickets: Mapping[str, int] = MappingProxyType({})) -> dict[str, Any]:
    """Join packets of files, those named in `tickets` through these; see `join_packets`.

    Raises:
        ProbeFailed: a file cannot be read, or the joined one cannot be written.
    """
    return join_packets(order, lambda path: open_container(find_file(path, tickets.get(path))))


def answer_requests(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer each line `{"path": …}` with a line `{"ok": …}` or `{"error": reason}`.

    The other keys of a request are the arguments of `describe`. Instead of them, `wants_index` calls `index` and
    `about_frames` calls `answer_about_frames`, both with a `ticket` if there is one. `join` calls `join` with the
    `tickets` of its files; its path is not read.
    """
    for line in requests:
        replies.write(json.dumps(_answer(line)).encode() + b"\n")
        replies.flush()


def _answer(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        path = request.pop("path")
        if request.pop("wants_index", False):
            return {"ok": index(path, **request)}
        if "join" in request:
            return {"ok": join(request.pop("join"), **request)}
        if "about_frames" in request:
            return {"ok": answer_about_frames(path, request.pop("about_frames"), **request)}
        return {"ok": describe(path, **request)}
    except ProbeFailed as error:
        return {"error": error.reason}
    except Exception:
        # One bad request must not end the loop.
        return {"error": "unreadable"}


def _describe_container(container: InputContainer, path: str, size: int) -> dict[str, Any]:
    summary = read_summary(container)
    summaries = summary.streams if summary else {}
    show_id = bool(container.format.flags & _SHOWS_STREAM_IDS)
    return {
        "streams": [
            describe_stream(stream, summaries.get(stream.index), show_id=show_id) for stream in container.streams
        ],
        "chapters": [_describe_chapter(chapter) for chapter in container.chapters()],
        "format": _describe_format(container, path, size, summary.programs if summary else None),
    }


def _add_picture(document: dict[str, Any], file: Path | Ticket) -> dict[str, Any]:
    """Add what libav does not tell about a picture: its size, and the length of an animation."""
    streams = document["streams"]
    if len(streams) != 1 or streams[0].get("codec_type") != "video" or streams[0].get("width"):
        return document
    header = read_picture_header(file)
    if header is None:
        return document
    described = {**streams[0], "width": header.width, "height": header.height}
    if header.frames and header.duration_ms:
        rate = format_ratio(header.frame_rate) or "0/0"
        duration = format_time(header.duration_ms, Fraction(1, 1000))
        described |= {"pix_fmt": "argb", "r_frame_rate": rate, "avg_frame_rate": rate, "duration": duration}
        described |= {"nb_frames": str(header.frames)}
        document["format"]["duration"] = duration
    return {**document, "streams": [described]}


def _describe_format(container: InputContainer, path: str, size: int, programs: int | None) -> dict[str, Any]:
    described = {
        "filename": path,
        "nb_streams": len(container.streams),
        "nb_programs": programs,
        "format_name": container.format.name,
        "format_long_name": container.format.long_name,
        "start_time": format_time(container.start_time, _MICROSECOND),
        "duration": format_time(container.duration, _MICROSECOND),
        "size": str(size),
        "bit_rate": str(container.bit_rate) if container.bit_rate > 0 else None,
        "tags": dict(container.metadata) or None,
    }
    return {key: value for key, value in described.items() if value is not None}


def _describe_chapter(chapter: Chapter) -> dict[str, Any]:
    described = {
        "id": chapter["id"],
        "time_base": format_ratio(chapter["time_base"]),
        "start": chapter["start"],
        "start_time": format_time(chapter["start"], chapter["time_base"]),
        "end": chapter["end"],
        "end_time": format_time(chapter["end"], chapter["time_base"]),
        "tags": dict(chapter["metadata"]) or None,
    }
    return {key: value for key, value in described.items() if value is not None}
