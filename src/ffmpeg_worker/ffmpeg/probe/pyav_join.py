"""Joins packets of sources and of encoded pieces to one H.264 or HEVC video in an MP4 file, without decoding.

The copied pictures keep their bytes. All parameter sets are in the sample entry (`avc1`, `hvc1`) under different
numbers, as strict players need them. HEVC encoders number theirs alike: those of encoded pieces get other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ffmpeg_worker.bitstreams.hevc import ParameterIds, change_ids, change_slice, find_free_ids
from ffmpeg_worker.bitstreams.nal_units import (
    KEY_KINDS,
    Codec,
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
OpenFile = Callable[[str], AbstractContextManager[InputContainer]]


def join_packets(order: Mapping[str, Any], open_file: OpenFile) -> dict[str, Any]:
    """Write the file that an order describes; see `JoinOrder` in planning/stream_copy/.

    Return an empty document, or `problem`, a clause.
    """
    try:
        pieces = [_read_piece(piece, open_file) for piece in order["pieces"]]
        _write(order, _number_sets(pieces), open_file)
    except NotReadable as reason:
        return {"problem": str(reason)}
    except ValueError:
        return {"problem": "a piece has packets or parameters that cannot be read"}
    return {}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Packets of a file in the order in which they are decoded.

    `packets` are their timestamps in the file, `times` those in the output. `ids` replace the numbers of its
    parameter sets.
    """

    path: str
    codec: Codec
    sets: StreamParameters
    packets: Sequence[int]
    times: Sequence[int]
    is_encoded: bool
    ids: ParameterIds | None = None

    @property
    def numbered_sets(self) -> StreamParameters:
        """The parameter sets with the numbers that they have in the output."""
        if self.ids is None:
            return self.sets
        return replace(self.sets, units=tuple(change_ids(unit, self.ids) for unit in self.sets.units))


def _read_piece(order: Mapping[str, Any], open_file: OpenFile) -> _Piece:
    """Read which packets a piece has, and when their frames are shown.

    Raises:
        NotReadable: an encoded piece has another number of frames.
    """
    shown: Sequence[int] = order["shown"]
    packets: Sequence[int] | None = order["packets"]
    with open_file(order["path"]) as container:
        video, codec = find_video(container)
        sets = read_stream_parameters(codec, video.codec_context.extradata or b"")
        if packets is None:
            packets = [packet.pts or 0 for packet in container.demux(video) if packet.size]
            if len(packets) != len(shown):
                raise NotReadable(f"an encoded piece has {len(packets)} frames instead of {len(shown)}")
    places = dict(zip(sorted(packets), shown, strict=True))
    times = [places[pts] for pts in packets]
    return _Piece(order["path"], codec, sets, packets, times, is_encoded=order["packets"] is None)


def _number_sets(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Give the sets of encoded pieces other numbers where those of other pieces have the same.

    Raises:
        NotReadable: two sources have different sets with the same number, or pieces have different codecs.
    """
    known: StreamParameters | None = None
    for piece in pieces:
        if piece.is_encoded:
            continue
        if known is not None and known.conflicts_with(piece.sets):
            raise NotReadable("parameter sets of two sources have the same number")
        known = piece.sets if known is None else known.joined_with(piece.sets)
    if known is None or len({piece.codec for piece in pieces}) > 1:
        raise NotReadable("the pieces have different codecs")
    numbered: list[_Piece] = []
    given: dict[tuple[bytes, ...], ParameterIds] = {}
    for piece in pieces:
        one = piece
        if piece.is_encoded and known.conflicts_with(piece.sets):
            if piece.codec != "hevc":
                raise NotReadable("parameter sets of an encoded piece have the same number as those of a source")
            ids = given.setdefault(piece.sets.units, find_free_ids(known.units))
            one = replace(piece, ids=ids)
        known = known.joined_with(one.numbered_sets)
        numbered.append(one)
    return numbered


def _write(order: Mapping[str, Any], pieces: Sequence[_Piece], open_file: OpenFile) -> None:
    times = [time for piece in pieces for time in piece.times]
    durations = _find_durations(times, int(order["last_duration"]))
    scale = Fraction(order["time_base"])
    decode_times = iter(find_decode_times(times))
    with av.open(str(order["output"]), "w", format="mp4") as output:
        stream = _add_stream(output, order, pieces, open_file)
        for number, piece in enumerate(pieces):
            for units, time in _read_pictures(piece, open_file, is_first=not number):
                packet = Packet(join_start_codes(units))
                packet.stream, packet.time_base = stream, scale
                packet.pts, packet.dts = time, next(decode_times)
                packet.duration = durations[time]
                packet.is_keyframe = picture_kind(piece.codec, units) in KEY_KINDS
                output.mux_one(packet)


def _find_durations(times: Sequence[int], last: int) -> dict[int, int]:
    """The time from each frame to the next one; 0 for `last` is as long as the frame before."""
    shown = sorted(times)
    durations = {before: after - before for before, after in pairwise(shown)}
    durations[shown[-1]] = last or (shown[-1] - shown[-2] if len(shown) > 1 else 1)
    return durations


def _add_stream(
    output: OutputContainer, order: Mapping[str, Any], pieces: Sequence[_Piece], open_file: OpenFile
) -> VideoStream:
    """Add a stream like that of the first source, with all parameter sets."""
    with open_file(next(piece.path for piece in pieces if not piece.is_encoded)) as container:
        stream: VideoStream = output.add_stream_from_template(find_video(container)[0])
    stream.time_base = Fraction(order["time_base"])
    context = stream.codec_context
    if pieces[0].codec == "hevc":
        context.codec_tag = "hvc1"
    units = chain.from_iterable(piece.numbered_sets.units for piece in pieces)
    context.extradata = join_start_codes(dict.fromkeys(units))
    if order["color"] is not None:
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = order["color"]
    return stream


def _read_pictures(piece: _Piece, open_file: OpenFile, *, is_first: bool) -> Iterator[tuple[list[bytes], int]]:
    """Yield the units of each picture of a piece, and its time in the output.

    Raises:
        NotReadable: the file has other packets than when it was read before.
    """
    with open_file(piece.path) as container:
        video, _ = find_video(container)
        if not piece.is_encoded:
            # Some demuxers find a place by decoding times, which may be earlier.
            before = piece.packets[0] - int(_MARGIN_S / (video.time_base or Fraction(1)))
            container.seek(before, stream=video, backward=True)
        packets = _take(container, video, piece)
        for number, (packet, time) in enumerate(zip(packets, piece.times, strict=True)):
            units = [unit for unit in split_packet(piece.sets, packet) if _belongs_to_picture(piece.codec, unit)]
            if not number:
                units = _begin(piece, units, is_first=is_first)
            yield [change_slice(unit, piece.ids) for unit in units] if piece.ids is not None else units, time


def _take(container: InputContainer, video: VideoStream, piece: _Piece) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of a piece, without pictures that follow its first one and are shown before it."""
    wanted = iter(piece.packets)
    expected, first = next(wanted, None), piece.packets[0]
    has_begun = piece.is_encoded
    for packet in container.demux(video):
        has_begun |= packet.pts == first and bool(packet.size)
        is_early = packet.pts is None or packet.pts < first
        if not has_begun or not packet.size or (is_early and not piece.is_encoded):
            continue
        if packet.pts != expected:
            raise NotReadable("the source has other frames than when it was read before")
        yield packet
        expected = next(wanted, None)
        if expected is None:
            return
    raise NotReadable("the source ends before the part does")


def _begin(piece: _Piece, units: list[bytes], *, is_first: bool) -> list[bytes]:
    """The first picture of a piece, at which decoding can begin.

    Raises:
        NotReadable: it cannot.
    """
    kind = picture_kind(piece.codec, units)
    if kind is PictureKind.RESTART or (is_first and kind in KEY_KINDS):
        return units
    if kind is not PictureKind.OPEN or piece.is_encoded:
        raise NotReadable("a piece does not begin with a key frame")
    return break_link(units)


def _belongs_to_picture(codec: Codec, unit: bytes) -> bool:
    return not is_parameter_set(codec, unit) and not is_delimiter(codec, unit)
