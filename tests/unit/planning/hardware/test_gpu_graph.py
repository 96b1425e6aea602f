"""Filter graphs for frames in GPU memory; test_map_command.py has the inputs that the GPU must not decode."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.job.media import StreamInfo
from ffmpeg_worker.planning.hardware.gpu_graph import map_filters
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

STREAM = StreamInfo("video", codec="h264", pix_fmt="yuv420p", field_order="progressive")
INTERLACED = StreamInfo("video", codec="h264", pix_fmt="yuv420p", field_order="tt")


def mapped(
    graph: str, stream: StreamInfo = STREAM, pixel_format: str = "yuv420p", *, may_scale: bool = True
) -> str:
    options = (Option("-vf", graph),) if graph else ()
    return map_filters(FileGroup(False, "b.mp4", options), stream, pixel_format, may_scale=may_scale)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ("", ""),
        ("format=nv12", ""),
        ("fps=25,setsar=1", "fps=25,setsar=1"),
        ("bwdif=mode=1", "bwdif_cuda=mode=1"),
        ("scale=-2:720", "scale_cuda=w=-2:h=720:interp_algo=bicubic"),
        ("scale=width=iw/2:h=64:flags=neighbor", "scale_cuda=w=iw/2:h=64:interp_algo=nearest"),
        (
            "scale=64:64:force_original_aspect_ratio=decrease",
            "scale_cuda=w=64:h=64:interp_algo=bicubic:force_original_aspect_ratio=decrease",
        ),
    ],
)
def test_filters_with_a_gpu_equivalent(graph: str, expected: str) -> None:
    assert mapped(graph) == expected


@pytest.mark.parametrize(
    "graph",
    ["hflip", "format=rgb24", "scale=64", "scale=iw*0.3:64", "scale=64:64:flags=spline", "[in]fps=25", "fps='25'"],
)
def test_other_filters_are_not_mapped(graph: str) -> None:
    with pytest.raises(NotMapped):
        mapped(graph)


def test_scaling_only_where_frames_may_differ_from_the_cpu() -> None:
    with pytest.raises(NotMapped, match='"scale"'):
        mapped("scale=64:64", may_scale=False)


def test_interlaced_video_must_be_deinterlaced() -> None:
    assert mapped("yadif", INTERLACED) == "yadif_cuda"
    with pytest.raises(NotMapped, match="stays interlaced"):
        mapped("fps=25", INTERLACED)


def test_the_pixel_format_must_not_change() -> None:
    with pytest.raises(NotMapped, match="format or size"):
        mapped("", pixel_format="yuv420p10le")
