"""Warnings of mapped streams without a packet."""

from __future__ import annotations

import pytest

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.commands.empty_streams import warn_of_empty_streams

VIDEO, AUDIO, TEXT = (
    StreamInfo("video", duration_s=3.0),
    StreamInfo("audio", duration_s=3.0),
    StreamInfo("subtitle"),
)


def stream(kind: str, *, is_copy: bool = True, has_no_frames: bool = False) -> WrittenStream:
    return WrittenStream(kind, (0, 0), is_copy, has_no_frames)


def warn(
    found: MediaInfo, *streams: WrittenStream, tiny: tuple[str, ...] = (), damaged: bool = False
) -> list[str]:
    return warn_of_empty_streams("o", WrittenOutput(streams, tiny), found, is_damaged=damaged)


def test_a_full_output_has_no_warning() -> None:
    found = MediaInfo("mov,mp4", (VIDEO, AUDIO, TEXT), 3.0)
    assert warn(found, stream("video"), stream("audio"), stream("subtitle"), tiny=("subtitle",)) == []


def test_a_copy_without_a_key_frame() -> None:
    (warning,) = warn(MediaInfo("mov,mp4", (AUDIO,), 3.0), stream("video"), stream("audio"))
    assert 'The output "o" has no picture' in warning
    assert "key frame" in warning
    assert "-ss before -i" in warning


def test_one_of_several_streams() -> None:
    found = MediaInfo("mov,mp4", (VIDEO, AUDIO), 3.0)
    (warning,) = warn(found, stream("video"), stream("audio", is_copy=False), stream("audio", is_copy=False))
    assert "1 of its 2 audio streams" in warning
    assert "key frame" not in warning


@pytest.mark.parametrize(
    "found",
    [
        MediaInfo("matroska,webm", (StreamInfo("video", duration_s=0.0), AUDIO), 3.0),
        MediaInfo("avi", (StreamInfo("video", duration_s=0.0), AUDIO), 3.0),
        MediaInfo("mpegts", (VIDEO, AUDIO), 3.0),
    ],
)
def test_containers_that_keep_empty_streams(found: MediaInfo) -> None:
    assert len(warn(found, stream("video"), stream("audio"), tiny=("video", "subtitle"))) == 1


def test_an_encoder_without_frames() -> None:
    found = MediaInfo("flv", (VIDEO, AUDIO), 0.4)
    (warning,) = warn(found, stream("video"), stream("audio", is_copy=False, has_no_frames=True))
    assert "no sound" in warning


def test_little_is_not_nothing() -> None:
    short = MediaInfo("mpegts", (VIDEO, AUDIO), 0.02)
    assert warn(short, stream("audio"), tiny=("video", "audio", "subtitle")) == []
    texts = MediaInfo("matroska,webm", (VIDEO, StreamInfo("subtitle", duration_s=2.0)), 3.0)
    assert warn(texts, stream("video"), stream("subtitle"), tiny=("audio", "subtitle")) == []


def test_streams_that_no_one_watches_do_not_count() -> None:
    assert warn(MediaInfo("mov,mp4", (VIDEO,), 3.0), stream("video"), stream("data"), WrittenStream()) == []


def test_damage_is_the_cause() -> None:
    (warning,) = warn(MediaInfo("mov,mp4", (AUDIO,), 3.0), stream("video"), stream("audio"), damaged=True)
    assert "damaged" in warning
