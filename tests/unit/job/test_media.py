"""Media facts are stored as JSON between the steps of a job."""

from __future__ import annotations

from fractions import Fraction

from pydantic import TypeAdapter

from ffmpeg_worker.job.media import MediaInfo, StreamInfo, read_media

VIDEO = StreamInfo(
    kind="video",
    codec="h264",
    duration_s=10.01,
    width=1920,
    height=1080,
    fps=Fraction(30000, 1001),
    pix_fmt="yuv420p",
    frames=300,
    color=("tv", "bt709", None, "bt709"),
    field_order="progressive",
    rotation=-90,
    sample_aspect=Fraction(4, 3),
)
AUDIO = StreamInfo(kind="audio", codec="aac", sample_rate=48000, channels=2)
COVER = StreamInfo(kind="video", codec="mjpeg", width=300, height=300, is_cover=True)


def test_media_facts_survive_json() -> None:
    media = MediaInfo("mov,mp4", (COVER, VIDEO, AUDIO), duration_s=10.01, bit_rate=1_000_000)
    adapter = TypeAdapter(MediaInfo)
    assert adapter.validate_json(adapter.dump_json(media)) == media


def test_facts_are_read_from_a_document_of_ffprobe() -> None:
    document = {
        "format": {"format_name": "matroska,webm", "duration": "10.023", "bit_rate": "64000"},
        "streams": [
            {
                "codec_type": "video",
                "codec_name": "h264",
                "width": 720,
                "height": 576,
                "avg_frame_rate": "0/0",
                "r_frame_rate": "25/1",
                "sample_aspect_ratio": "16:15",
                "tags": {"DURATION": "00:01:10.500000000"},
                "side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}],
            }
        ],
    }
    media = read_media(document)
    assert (media.format, media.duration_s, media.bit_rate) == ("matroska", 10.023, 64000)
    assert media.video == StreamInfo(
        kind="video",
        codec="h264",
        duration_s=70.5,
        width=720,
        height=576,
        fps=Fraction(25),
        rotation=-90,
        sample_aspect=Fraction(16, 15),
    )


def test_cover_art_is_not_the_video() -> None:
    assert MediaInfo("mp3", (COVER, AUDIO)).video is None
    assert MediaInfo("mov,mp4", (COVER, VIDEO)).video is VIDEO
