"""Decides at which frames an encode is split; later attempts at the job keep the decision."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.chunks.check_source import check_source
from ffmpeg_worker.planning.chunks.choose_cuts import choose_cuts
from ffmpeg_worker.planning.chunks.mapped_streams import find_other_streams
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex
from ffmpeg_worker.planning.chunks.splittable import Splittable


@dataclass(frozen=True, slots=True)
class Split:
    """The chunks of a video; small enough to be stored.

    Attributes:
        cuts: first frame of each chunk, and the number of all frames at the end; empty if it is not split.
        rate, first_s, disposition: see `PacketIndex`.
        titles: titles of the streams of the output, in order, where the container of the pieces loses them.
        others: streams that `-map` takes besides the video; `None` where FFmpeg chooses them.
        reason: why it is not split, as a clause.
    """

    cuts: tuple[int, ...] = ()
    rate: Fraction = Fraction(1)
    first_s: Fraction = Fraction(0)
    disposition: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    others: tuple[int, ...] | None = None
    reason: str = ""

    @property
    def frames(self) -> int:
        """Frames of the whole video."""
        return self.cuts[-1] if self.cuts else 0


def decide_split(command: Splittable, media: MediaInfo, index: PacketIndex, wanted: int) -> Split:
    """Split the encode of a source into at most `wanted` chunks, or say why not."""
    try:
        check_source(command, media, index)
        others = find_other_streams(command, media)
        cuts = choose_cuts(index, wanted, command.key_interval)
        titles = _find_titles(command, media, index, others)
        return Split(cuts, index.rate, index.first_s, index.disposition, titles, others)
    except NotSplit as reason:
        return Split(reason=str(reason))


def _find_titles(
    command: Splittable, media: MediaInfo, index: PacketIndex, others: tuple[int, ...] | None
) -> tuple[str, ...]:
    """Titles that MP4 and MOV store in a way in which they cannot be copied."""
    if command.container.is_rounded or command.drops_metadata or not any(index.titles):
        return ()
    numbers = [number for number, stream in enumerate(media.streams) if stream.kind == "video"]
    if others is None:
        audio = [number for number, stream in enumerate(media.streams) if stream.kind == "audio"]
        if len(audio) > 1 or any(stream.kind == "subtitle" for stream in media.streams):
            raise NotSplit('streams of the source have titles; "-map" must choose the streams')
        others = tuple(audio)
    return tuple(index.titles[number] for number in (*numbers, *others))
