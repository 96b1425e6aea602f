"""Joins encoded and copied frames of one video into an MP4 file, packet by packet.

The copied frames keep their bytes. H.264: the parameter sets of all pieces have numbers of their own, and the
sample entry has them all. HEVC encoders number theirs alike, so that they stand before the pictures at which
decoding can begin (`hev1`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from ffmpeg_worker.bitstreams.nal_units import (
    KEY_KINDS,
    Codec,
    DamagedUnits,
    PictureKind,
    break_link,
    is_delimiter,
    is_parameter_set,
    join_start_codes,
    picture_kind,
)
from ffmpeg_worker.bitstreams.stream_parameters import StreamParameters, read_stream_parameters
from ffmpeg_worker.ffmpeg.probe.decode_times import find_decode_times
from ffmpeg_worker.ffmpeg.probe.pyav_coded_frames import NotReadable, find_video, split_packet

_MARGIN_S = 1


@dataclass(frozen=True, slots=True)
class _Picture:
    units: Sequence[bytes]
    pts: int
    is_key: bool


def splice(source: InputContainer, order: Mapping[str, Any]) -> dict[str, Any]:
    """Write the file that an order describes; see `SpliceOrder` in planning/stream_copy/.

    Return an empty document, or `problem`, a clause.
    """
    try:
        _Splice(source, order).write(str(order["output"]))
    except NotReadable as reason:
        return {"problem": str(reason)}
    except DamagedUnits:
        return {"problem": "a piece has packets that cannot be read"}
    return {}


class _Splice:
    def __init__(self, source: InputContainer, order: Mapping[str, Any]) -> None:
        self._source = source
        self._video, self._codec = find_video(source)
        self._sets = read_stream_parameters(self._codec, self._video.codec_context.extradata or b"")
        self._copied: list[int] = list(order["copied"])
        self._origin = int(order["origin"])
        self._last_duration = int(order["last_duration"])
        self._head = _read_piece(self._codec, order.get("head"))
        self._tail = _read_piece(self._codec, order.get("tail"))

    def write(self, path: str) -> None:
        pieces = [piece for piece in (self._head, self._tail) if piece is not None]
        times = [pts for piece in (self._head,) if piece is not None for pts in piece.times]
        times += self._copied
        times += [pts for piece in (self._tail,) if piece is not None for pts in piece.times]
        decode_times = find_decode_times(times)
        shown = sorted(times)
        durations = dict(zip(shown, [*(after - before for before, after in pairwise(shown)), 0], strict=True))
        durations[shown[-1]] = self._last_duration or (shown[-1] - shown[-2] if len(shown) > 1 else 1)
        with av.open(path, "w", format="mp4") as output:
            stream = output.add_stream_from_template(self._video)
            stream.time_base = self._video.time_base
            if self._codec == "hevc":
                stream.codec_context.codec_tag = "hev1" if pieces else "hvc1"
            sets = [*self._sets.units, *(unit for piece in pieces for unit in piece.sets.units)]
            own = self._sets.units if self._codec == "hevc" else tuple(dict.fromkeys(sets))
            stream.codec_context.extradata = join_start_codes(own)
            for picture, dts in zip(self._pictures(), decode_times, strict=True):
                packet = Packet(join_start_codes(picture.units))
                packet.stream, packet.time_base = stream, self._video.time_base or Fraction(1)
                packet.pts, packet.dts = picture.pts - self._origin, dts - self._origin
                packet.duration = durations[picture.pts]
                packet.is_keyframe = picture.is_key
                output.mux_one(packet)

    def _pictures(self) -> Iterator[_Picture]:
        if self._head is not None:
            yield from self._head.pictures()
        yield from self._copy()
        if self._tail is not None:
            yield from self._tail.pictures()

    def _copy(self) -> Iterator[_Picture]:
        """The packets of the source in the order given; pictures that are shown before the first are left out."""
        if not self._copied:
            return
        first, wanted = self._copied[0], iter(self._copied)
        expected = next(wanted, None)
        # Some demuxers find a place by decoding times, which may be earlier.
        before = first - int(_MARGIN_S / (self._video.time_base or Fraction(1)))
        self._source.seek(before, stream=self._video, backward=True)
        has_begun = False
        for packet in self._source.demux(self._video):
            has_begun |= packet.pts == first and bool(packet.size)
            if not has_begun or packet.pts is None or packet.pts < first or not packet.size:
                continue
            if packet.pts != expected:
                raise NotReadable("the source has other frames than when it was read before")
            units = split_packet(self._sets, packet)
            kind = picture_kind(self._codec, units)
            if packet.pts == first and kind is PictureKind.OPEN and self._head is not None:
                units = break_link(units)
            sets = self._sets if self._head is not None or self._tail is not None else None
            yield _Picture(_with_sets(self._codec, sets, units, kind), packet.pts, kind in KEY_KINDS)
            expected = next(wanted, None)
            if expected is None:
                return
        raise NotReadable("the source ends before the part does")


@dataclass(frozen=True, slots=True)
class _Piece:
    """An encoded piece; `times` are those of its packets in the source, in the order of decoding."""

    codec: Codec
    sets: StreamParameters
    packets: Sequence[Sequence[bytes]]
    times: Sequence[int]

    def pictures(self) -> Iterator[_Picture]:
        for units, pts in zip(self.packets, self.times, strict=True):
            kind = picture_kind(self.codec, units)
            yield _Picture(_with_sets(self.codec, self.sets, units, kind), pts, kind in KEY_KINDS)


def _read_piece(codec: Codec, order: Mapping[str, Any] | None) -> _Piece | None:
    """Read an encoded piece, whose frames get the times of the order, one by one as they are shown.

    Raises:
        NotReadable: it has another number of frames, or does not begin with a picture that needs no other.
    """
    if order is None:
        return None
    with av.open(str(order["path"])) as container:
        video, own_codec = find_video(container)
        sets = read_stream_parameters(own_codec, video.codec_context.extradata or b"")
        packets = [packet for packet in container.demux(video) if packet.size]
        divided = [split_packet(sets, packet) for packet in packets]
    wanted = list(order["pts"])
    if len(packets) != len(wanted) or own_codec != codec:
        raise NotReadable(f"an encoded piece has {len(packets)} frames instead of {len(wanted)}")
    if picture_kind(codec, divided[0]) is not PictureKind.RESTART:
        raise NotReadable("an encoded piece does not begin with a key frame")
    shown = sorted(range(len(packets)), key=lambda number: packets[number].pts or 0)
    times = dict(zip(shown, wanted, strict=True))
    return _Piece(codec, sets, divided, [times[number] for number in range(len(packets))])


def _with_sets(
    codec: Codec, sets: StreamParameters | None, units: Sequence[bytes], kind: PictureKind
) -> list[bytes]:
    """The units of a picture, with parameter sets only where HEVC needs them: none if all pieces have the same."""
    plain = [unit for unit in units if not is_parameter_set(codec, unit) and not is_delimiter(codec, unit)]
    return [*sets.units, *plain] if sets is not None and codec == "hevc" and kind in KEY_KINDS else plain
