"""The summary that libav prints."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from av.container import InputContainer

from ffmpeg_worker.ffmpeg.probe.pyav_summary import StreamSummary, Summary, read_summary

TEXT = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'clip.mp4':
  Metadata:
    title           : One
  Program 1 News
  Stream #0:0[0x1](und): Video: h264, 3 reference frames (avc1 / 0x31637661), yuv420p(tv, bt709, left), 64x64
    Metadata:
      handler_name    : VideoHandler
    Side data:
      Display Matrix: rotation of -90.00 degrees
      CPB properties: bitrate max/min/avg: 1/2/3 buffer size: 4 vbv_delay: N/A
      Content light level metadata: MaxCLL=1000, MaxFALL=400
      Mastering display metadata: has_primaries:1 has_luminance:1 r(0.7,0.3) min_luminance=0.005000, max_luminance=1000.000000
      Unknown data: x
  Stream #0:1[0x2](eng): Audio: pcm_s32le (in24 / 0x34326E69), 48000 Hz, 5.1(side), s32 (24 bit), delay 312, 1 kb/s
  Stream #0:2: Audio: flac, 44100 Hz, 2 channels (FR+FL), s16
  Stream #0:3: Data: none"""  # noqa: E501


def read(text: str, metadata: dict[str, str] | None = None) -> Summary | None:
    container = SimpleNamespace(
        metadata=metadata or {}, streams=[], chapters=list, dumps_format=lambda: text
    )  # as much of PyAV's container as is used
    return read_summary(cast(InputContainer, container))


@pytest.fixture(scope="module")
def summary() -> Summary:
    found = read(TEXT)
    assert found is not None
    return found


def test_programs_and_streams_are_counted(summary: Summary) -> None:
    assert summary.programs == 1
    assert list(summary.streams) == [0, 1, 2, 3]


def test_a_video_stream(summary: Summary) -> None:
    stream = summary.streams[0]
    assert (stream.codec, stream.tag, stream.references) == ("h264", 0x31637661, 3)
    assert stream.chroma_location == "left"


def test_side_data(summary: Summary) -> None:
    assert summary.streams[0].side_data == [
        {"side_data_type": "Display Matrix", "rotation": -90},
        {
            "side_data_type": "CPB properties",
            "max_bitrate": 1,
            "min_bitrate": 2,
            "avg_bitrate": 3,
            "buffer_size": 4,
            "vbv_delay": -1,
        },
        {"side_data_type": "Content light level metadata", "max_content": 1000, "max_average": 400},
        {
            "side_data_type": "Mastering display metadata",
            "min_luminance": "50/10000",
            "max_luminance": "10000000/10000",
        },
        {"side_data_type": "Unknown data"},
    ]


def test_audio_streams(summary: Summary) -> None:
    stream = summary.streams[1]
    assert (stream.channels, stream.channel_layout) == (6, "5.1(side)")
    assert (stream.sample_bits, stream.initial_padding) == (24, 312)
    other = summary.streams[2]
    assert (other.channels, other.channel_layout) == (2, "2 channels (FR+FL)")


def test_a_stream_without_a_codec(summary: Summary) -> None:
    assert summary.streams[3] == StreamSummary()


def test_a_tag_name_with_a_line_feed_makes_the_summary_untrusted() -> None:
    assert read(TEXT, {"a\n  Stream #0:0: Audio: fake": "x"}) is None
