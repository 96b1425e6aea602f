"""Streams of the source that a command takes besides its video."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.splittable import Splittable

_MAP = re.compile(r"0(?::([vas])(?::([0-9]{1,3}))?|:([0-9]{1,3}))?\??")
_KINDS = {"v": "video", "a": "audio", "s": "subtitle"}
_SWITCHES = {"an": "audio", "sn": "subtitle"}


def find_other_streams(command: Splittable, media: MediaInfo) -> tuple[int, ...] | None:
    """Numbers of the streams that explicit `-map` options take besides the video, in order.

    `None` where FFmpeg chooses the streams, and there are some besides the video.

    Raises:
        NotSplit: the streams cannot be told apart, or the video is not the first stream of the output.
    """
    off = {kind for name, kind in _SWITCHES.items() if any(option.name == name for option in command.rest)}
    if not command.maps:
        others = {stream.kind for stream in media.streams} - off
        if "subtitle" in others and ("audio" not in others or not command.container.has_subtitles):
            raise NotSplit('the source has subtitles; "-sn" leaves them out')
        return None if "audio" in others else ()
    taken = [number for text in command.maps for number in _read_map(text, media.streams)]
    streams = [(number, media.streams[number]) for number in taken]
    kept = [(number, stream) for number, stream in streams if stream.kind not in off]
    if any(stream.kind not in _KINDS.values() for _, stream in kept):
        raise NotSplit('"-map" takes streams that are no video, audio or subtitles')
    if not kept or kept[0][1].kind != "video" or sum(stream.kind == "video" for _, stream in kept) > 1:
        raise NotSplit("the first stream of its output is not its only video stream")
    if not command.container.has_subtitles and any(stream.kind == "subtitle" for _, stream in kept):
        raise NotSplit("its output has subtitles, which MPEG-TS stores in a way of its own")
    return tuple(number for number, _ in kept[1:])


def _read_map(text: str, streams: Sequence[StreamInfo]) -> list[int]:
    found = _MAP.fullmatch(text)
    if found is None:
        raise NotSplit(f'"-map {text[:64]}" is none of the forms 0, 0:v, 0:a:1 and 0:2')
    kind, position, number = found.groups()
    if number is not None:
        return [int(number)] if int(number) < len(streams) else []
    numbers = [index for index, stream in enumerate(streams) if kind is None or stream.kind == _KINDS[kind]]
    return numbers if position is None else numbers[int(position) : int(position) + 1]
