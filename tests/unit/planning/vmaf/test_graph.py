"""Filter graphs of comparisons; golden_vmaf.json has whole ones."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.planning.vmaf.graph import Trim, score_graph, signature_graph
from ffmpeg_worker.planning.vmaf.pairing import pair_videos
from support.jobs.vmaf_plans import video


def graph_of(reference: LocalFile, distorted: LocalFile, trim: Trim = Trim(), **changes: Any) -> str:  # noqa: B008
    options: dict[str, Any] = {
        "model": "vmaf_v0.6.1",
        "threads": 2,
        "subsample": 1,
        "features": (),
        "ten_bits": False,
        **changes,
    }
    graph, _ = score_graph(pair_videos(reference, distorted, None), trim, **options)
    return graph


def chains_of(graph: str) -> tuple[str, str]:
    """The chains of the distorted video and of the reference."""
    distorted, reference = graph.split(";")[:2]
    return distorted, reference


def test_only_what_differs_is_scaled() -> None:
    distorted, reference = chains_of(graph_of(video(0), video(1, (1280, 720))))
    assert "scale=1920:1080:flags=bicubic" in distorted
    assert "scale=" not in reference


@pytest.mark.parametrize(
    ("distorted", "ten_bits", "pix_fmt"),
    [({}, False, "yuv420p"), ({}, True, "yuv420p10le"), ({"pix_fmt": "p010le"}, False, "yuv420p10le")],
)
def test_one_deep_video_or_the_model_makes_both_ten_bits(
    distorted: dict[str, Any], *, ten_bits: bool, pix_fmt: str
) -> None:
    for chain in chains_of(graph_of(video(0), video(1, **distorted), ten_bits=ten_bits)):
        assert f"format={pix_fmt}," in chain


def test_frames_are_dropped_from_the_video_that_starts_earlier() -> None:
    distorted, reference = chains_of(graph_of(video(0), video(1), Trim(reference=5)))
    assert "trim=start=0.18" in reference  # half a frame before frame 5 at 25 fps
    assert "trim" not in distorted
    distorted, _ = chains_of(graph_of(video(0), video(1, fps=24, frames=250), Trim(distorted=5)))
    assert "trim=start_frame=5" in distorted


def test_libvmaf_gets_the_features_that_it_has_and_xpsnr_gets_copies() -> None:
    pairing = pair_videos(video(0), video(1), None)
    graph, labels = score_graph(
        pairing, Trim(), model="m", threads=2, subsample=5, features=("psnr", "ssim", "xpsnr"), ten_bits=False
    )
    assert "n_subsample=5:feature=name=psnr|name=float_ssim" in graph
    assert "[dx][rx]xpsnr=stats_file=-" in graph
    assert labels == ("[score]", "[xpsnr]")


def test_signatures_are_taken_at_the_measured_rate() -> None:
    assert "fps=25" in signature_graph(pair_videos(video(0, fps=50), video(1, fps=25), None))
    assert "fps=" not in signature_graph(pair_videos(video(0, fps=25), video(1, fps=24, frames=250), None))
