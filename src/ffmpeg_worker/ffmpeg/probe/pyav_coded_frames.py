"""Reads how the frames of an H.264 or HEVC video are coded, from its packets, without decoding."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ffmpeg_worker.bitstreams.nal_units import (
    KEY_KINDS,
    Codec,
    DamagedUnits,
    PictureKind,
    is_parameter_set,
    picture_kind,
    split_lengths,
    split_start_codes,
)
from ffmpeg_worker.bitstreams.stream_parameters import StreamParameters, read_stream_parameters
from ffmpeg_worker.budgets import INDEXED_PACKETS

_MICROSECOND = Fraction(1, 1_000_000)
_STEPS_BACK_S = (0, 2, 10, 60)
"""How much earlier than the wanted time is read, where that is needed to find the key frame before it."""
_ENCRYPTED = frozenset({"encv", "drmi"})


class NotReadable(Exception):
    """The frames cannot be told apart, for a reason given as a clause."""


def find_video(container: InputContainer) -> tuple[VideoStream, Codec]:
    """The only video stream that is no cover art, and its codec.

    Raises:
        NotReadable: there are none or several, or the codec is another one.
    """
    videos = [one for one in container.streams.video if "attached_pic" not in _flags_of(one)]
    if len(videos) != 1:
        raise NotReadable(f"the source has {len(videos) or 'no'} video streams")
    name = videos[0].codec_context.name
    if name not in {"h264", "hevc"}:
        raise NotReadable(
            f'the video has the codec "{name}", and only H.264 and HEVC are cut without encoding all'
        )
    if videos[0].codec_context.codec_tag in _ENCRYPTED:
        raise NotReadable("the video is encrypted")
    return videos[0], "h264" if name == "h264" else "hevc"


def split_packet(sets: StreamParameters, packet: Packet[VideoStream]) -> list[bytes]:
    """Divide a packet into its units.

    Raises:
        DamagedUnits: it cannot be divided.
    """
    data = bytes(packet)
    return list(split_lengths(data, sets.length_size) if sets.length_size else split_start_codes(data))


def read_coded_frames(
    container: InputContainer, begin_s: float, end_s: float | None, *, may_change: bool = False
) -> dict[str, Any]:
    """Describe the frames from the key frame before `begin_s` to `end_s` as JSON; see `CodedFrames`.

    Times are relative to the start of the file; `None` is its end. `may_change` tells that the file may have
    parameter sets besides those of the container. Where something is wrong, there is only
    `problem`, a clause.
    """
    try:
        video, codec = find_video(container)
        if video.time_base is None or not video.guessed_rate:
            raise NotReadable("the frame rate of the source is not known")
        extradata = video.codec_context.extradata or b""
        sets = read_stream_parameters(codec, extradata)
        frames = _Frames(container, video, codec, sets, may_change=may_change)
        frames.read(begin_s, end_s)
    except NotReadable as reason:
        return {"problem": str(reason)}
    except DamagedUnits:
        return {"problem": "the video has packets or parameters that cannot be read"}
    context = video.codec_context
    return {
        "codec": codec,
        "time_base": str(video.time_base),
        "start": str((container.start_time or 0) * _MICROSECOND),
        "rate": str(video.guessed_rate),
        "pts": frames.pts,
        "kinds": "".join(str(int(kind)) for kind in frames.kinds),
        "last_duration": frames.last_duration,
        "has_whole_start": frames.has_whole_start,
        "extradata": extradata.hex(),
        "tag": str(context.codec_tag),
        "pix_fmt": context.pix_fmt or "",
        "profile": context.profile or "",
        "level": context.level or 0,
        "field_order": int(context.field_order or 0),
        "color": [int(context.color_primaries), int(context.color_trc), int(context.colorspace)],
        "color_range": int(context.color_range),
        "disposition": _flags_of(video),
        "sound_packet": _sound_packet(container, video),
        "has_timecode": any("timecode" in each.metadata for each in container.streams),
    }


def _flags_of(video: VideoStream) -> list[str]:
    return [flag.name for flag in type(video.disposition) if flag.name and flag in video.disposition]


def _sound_packet(container: InputContainer, video: VideoStream) -> str:
    """Seconds of a packet of the first sound, as text; 0 where that is not known."""
    for audio in container.streams.audio[:1]:
        container.seek(video.start_time or 0, stream=video, backward=True)
        for packet in container.demux(audio):
            if packet.size and packet.duration and packet.time_base is not None:
                return str(packet.duration * packet.time_base)
    return "0"


def find_sound_ends(container: InputContainer) -> dict[str, Any]:
    """The times at which the packets of the first sound begin and end, in seconds as texts; empty without one."""
    ends: list[tuple[Fraction, Fraction]] = []
    for audio in container.streams.audio[:1]:
        for packet in container.demux(audio):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                begin = packet.pts * packet.time_base
                ends = [*ends[:1], (begin, begin + (packet.duration or 0) * packet.time_base)]
    return {"begin": str(ends[0][0]), "end": str(ends[-1][1])} if ends else {}


class _Frames:
    """The packets of a part of a video, in the order in which they are decoded."""

    def __init__(
        self,
        container: InputContainer,
        video: VideoStream,
        codec: Codec,
        sets: StreamParameters,
        *,
        may_change: bool,
    ) -> None:
        self._container = container
        self._video = video
        self._codec = codec
        self._sets = sets
        self._known = None if may_change else {unit.rstrip(b"\0") for unit in sets.units}
        self._scale = video.time_base or Fraction(1)
        self.pts: list[int] = []
        self.kinds: list[PictureKind] = []
        self.last_duration = 0
        self.has_whole_start = False

    def read(self, begin_s: float, end_s: float | None) -> None:
        """Read again from earlier on, until the first frame is a key frame at or before `begin_s`."""
        start = (self._container.start_time or 0) * _MICROSECOND
        begin = int((Fraction(begin_s) + start) / self._scale)
        end = None if end_s is None else int((Fraction(end_s) + start) / self._scale) + 1
        for back_s in _STEPS_BACK_S:
            target = begin - int(back_s / self._scale)
            self._read_from(target if back_s < begin_s else None, begin, end)
            if self.has_whole_start or back_s >= begin_s:
                return
        self._read_from(None, begin, end)

    def _read_from(self, target: int | None, begin: int, end: int | None) -> None:
        self.pts, self.kinds = [], []
        # Some demuxers find a place by decoding times, which are earlier than those of the first frame.
        offset = target if target is not None else (self._video.start_time or 0) - int(1 / self._scale)
        self._container.seek(offset, stream=self._video, backward=True)
        for packet in self._pictures():
            kind = self._kind_of(packet)
            if not self.pts and kind not in KEY_KINDS and not packet.is_keyframe:
                continue
            self._add(packet, kind)
            if end is not None and packet.dts is not None and packet.dts >= end:
                break
        first = self._video.start_time
        self.has_whole_start = bool(self.pts) and (self.pts[0] <= begin or self.pts[0] == first)

    def _pictures(self) -> Iterator[Packet[VideoStream]]:
        for packet in self._container.demux(self._video):
            if packet.size:
                yield packet

    def _add(self, packet: Packet[VideoStream], kind: PictureKind) -> None:
        if packet.pts is None or packet.is_corrupt:
            raise NotReadable("the source has packets that are damaged, or without timestamps")
        if len(self.pts) >= INDEXED_PACKETS:
            raise NotReadable(f"the part has more than {INDEXED_PACKETS} frames")
        self.pts.append(packet.pts)
        self.kinds.append(kind)
        self.last_duration = packet.duration or self.last_duration

    def _kind_of(self, packet: Packet[VideoStream]) -> PictureKind:
        units = split_packet(self._sets, packet)
        known = self._known
        if known is not None and any(
            is_parameter_set(self._codec, unit) and unit.rstrip(b"\0") not in known for unit in units
        ):
            raise NotReadable("the parameters of the video change within the file")
        kind = picture_kind(self._codec, units)
        if kind is PictureKind.NONE:
            raise NotReadable("the video has packets without a picture")
        return PictureKind.HIDDEN if packet.is_discard else kind
