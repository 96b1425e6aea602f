"""Describes plain MP4 files without libav: H.264 and AAC, as FFmpeg writes them.

It answers for files about which the index leaves no doubt, exactly as the brief description with PyAV does as far
as `read_media` (job/media.py) reads it. All other files are unusual here. The boxes are those of
ISO/IEC 14496-12, -14 and -15.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ffmpeg_worker.ffmpeg.probe.aac_parameters import read_aac
from ffmpeg_worker.ffmpeg.probe.h264_parameters import read_plain_h264
from ffmpeg_worker.ffmpeg.probe.mp4_boxes import IDENTITY, Mp4File, UnusualFile, read_boxes, read_mp4, split_boxes
from ffmpeg_worker.ffmpeg.probe.mp4_samples import Samples, read_samples

FORMAT_NAME = "mov,mp4,m4a,3gp,3g2,mj2"
_MAX_TRACKS = 8
_OWN_DATA = struct.pack(">III4sI", 0, 1, 12, b"url ", 1)
_NORMAL_RATE = 0x10000
_AAC_PRIMING = 1024
"""Samples that an encoder puts before the sound, and an edit list takes away."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """The ticks per second of a track or of the file, and its length in ticks."""

    scale: int
    ticks: int

    @property
    def seconds(self) -> float:
        return self.ticks / self.scale


@dataclass(frozen=True, slots=True)
class _Edit:
    """The part of a track that is played: from the tick `begin` on, `kept` ticks of the file's clock long."""

    begin: int
    kept: int
    movie: _Clock

    def keeps(self, ticks: int, clock: _Clock) -> bool:
        """Whether the part is so many ticks of the track's clock long."""
        return ticks * self.movie.scale == self.kept * clock.scale


def describe_mp4(descriptor: int, name: str) -> dict[str, Any]:
    """Describe a file that is open for reading in the JSON shape of ffprobe, briefly.

    The worker itself calls it for files that it does not trust: it reads at most 16 heads of boxes and an index of
    64 KiB, in some milliseconds at most.

    Raises:
        OSError: it cannot be read.
        UnusualFile: it must be described with libav.
    """
    try:
        return _describe(read_mp4(descriptor), name)
    except (struct.error, LookupError, ValueError, ArithmeticError) as error:
        raise UnusualFile from error


def _describe(file: Mp4File, name: str) -> dict[str, Any]:
    tracks, movie = [], b""
    for kind, content in split_boxes(file.index):
        if kind == b"trak":
            tracks.append(content)
        elif kind == b"mvhd" and not movie:
            movie = content
        elif kind != b"udta" or b"covr" in content:  # a cover is a stream
            raise UnusualFile
    if not 0 < len(tracks) <= _MAX_TRACKS:
        raise UnusualFile
    clock = _read_clock(movie)
    _check_matrix(movie, 48 if movie[0] else 36)
    described = [_describe_track(track, clock, file) for track in tracks]
    if max(kept for _, kept in described) != clock.ticks:
        raise UnusualFile
    return {
        "streams": [stream for stream, _ in described],
        "format": {
            "filename": name,
            "nb_streams": len(tracks),
            "format_name": FORMAT_NAME,
            "start_time": _time(0),
            "duration": _time(clock.seconds),
            "size": str(file.size),
            "bit_rate": str(int(file.size * 8 / round(clock.seconds, 6))),
        },
    }


def _describe_track(content: bytes, movie: _Clock, file: Mp4File) -> tuple[dict[str, Any], int]:
    """Return the stream, and its length in ticks of the file's clock."""
    track = read_boxes(content, {b"tkhd", b"edts", b"mdia"}, {b"udta"})
    media = read_boxes(track[b"mdia"], {b"mdhd", b"hdlr", b"minf"})
    kind = media[b"hdlr"][8:12]
    header = {b"vide": b"vmhd", b"soun": b"smhd"}.get(kind)
    if header is None:
        raise UnusualFile
    inner = read_boxes(media[b"minf"], {header, b"dinf", b"stbl"}, {b"hdlr"})
    _check_own_data(inner[b"dinf"])
    clock = _read_clock(media[b"mdhd"])
    samples = read_samples(inner[b"stbl"], file)
    edit = _read_edit(track[b"edts"], movie)
    if samples.ticks != clock.ticks:
        raise UnusualFile
    if header == b"vmhd":
        described = _describe_video(samples, clock, edit, _read_shown_size(track[b"tkhd"]))
    else:
        described = _describe_audio(samples, clock, edit)
    described |= {"start_time": _time(0), "nb_frames": str(samples.count), "disposition": {"attached_pic": 0}}
    return described, edit.kept


def _describe_video(samples: Samples, clock: _Clock, edit: _Edit, shown: tuple[float, float]) -> dict[str, Any]:
    parameters, width, height = _read_visual_entry(samples.entry)
    plain = read_plain_h264(parameters)
    if plain is None or not (plain.width, plain.height) == (width, height) == shown:
        raise UnusualFile
    # Times begin with the first frame, and all frames are equally long.
    if samples.step is None or edit.begin != samples.first_offset or not edit.keeps(clock.ticks, clock):
        raise UnusualFile
    rate = Fraction(clock.scale, samples.step)
    return {
        "codec_type": "video",
        "codec_name": "h264",
        "width": width,
        "height": height,
        "pix_fmt": "yuv420p",
        **({"color_range": "tv"} if plain.states_range else {}),
        "field_order": "progressive",
        "avg_frame_rate": f"{rate.numerator}/{rate.denominator}",
        "duration": _time(clock.seconds),
    }


def _describe_audio(samples: Samples, clock: _Clock, edit: _Edit) -> dict[str, Any]:
    rate, channels = read_aac(_read_sound_entry(samples.entry))
    left = clock.ticks - edit.begin
    if edit.begin not in {0, _AAC_PRIMING} or samples.first_offset or rate != clock.scale:
        raise UnusualFile
    if not edit.keeps(left, clock):
        raise UnusualFile
    return {
        "codec_type": "audio",
        "codec_name": "aac",
        "sample_rate": str(rate),
        "channels": channels,
        "duration": _time(left / clock.scale),
    }


def _read_clock(header: bytes) -> _Clock:
    """Read `mvhd` or `mdhd`."""
    scale, ticks = struct.unpack_from(">IQ" if header[0] else ">II", header, 20 if header[0] else 12)
    if not scale or not 0 < ticks < 1 << 48:
        raise UnusualFile
    return _Clock(scale, ticks)


def _read_edit(content: bytes, movie: _Clock) -> _Edit:
    """Read the only edit of a track, which plays it at its own speed."""
    edits = read_boxes(content, {b"elst"})[b"elst"]
    count, kept, begin, rate = struct.unpack_from(">IQqi" if edits[0] else ">IIii", edits, 4)
    if count != 1 or begin < 0 or rate != _NORMAL_RATE:
        raise UnusualFile
    return _Edit(begin, kept, movie)


def _read_shown_size(header: bytes) -> tuple[float, float]:
    """Return the size in `tkhd`."""
    at = 52 if header[0] else 40
    _check_matrix(header, at)
    width, height = struct.unpack_from(">II", header, at + 36)
    return width / 0x10000, height / 0x10000


def _check_matrix(header: bytes, at: int) -> None:
    """Refuse pictures that are rotated or mirrored."""
    if header[at : at + 36] != IDENTITY:
        raise UnusualFile


def _check_own_data(content: bytes) -> None:
    """Refuse a track whose data are in another file."""
    if read_boxes(content, {b"dref"})[b"dref"] != _OWN_DATA:
        raise UnusualFile


def _read_visual_entry(entry: tuple[bytes, bytes]) -> tuple[bytes, int, int]:
    """Return the parameters of H.264, width and height."""
    kind, content = entry
    if kind != b"avc1":
        raise UnusualFile
    width, height = struct.unpack_from(">HH", content, 24)
    boxes = read_boxes(content[78:], {b"avcC"}, {b"pasp", b"btrt"})
    across, down = struct.unpack(">II", boxes.get(b"pasp", b"\0\0\0\1\0\0\0\1"))
    if across != down:
        raise UnusualFile
    return boxes[b"avcC"], width, height


def _read_sound_entry(entry: tuple[bytes, bytes]) -> bytes:
    kind, content = entry
    if kind != b"mp4a" or content[8:10] != b"\0\0":
        raise UnusualFile
    return read_boxes(content[28:], {b"esds"}, {b"btrt"})[b"esds"]


def _time(seconds: float) -> str:
    return f"{seconds:.6f}"
