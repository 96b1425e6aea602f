"""Filter graphs of comparisons; golden_vmaf.json has whole ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.planning.vmaf.findings import Run, Turn
from ffmpeg_worker.planning.vmaf.frame_ranges import select_ranges
from ffmpeg_worker.planning.vmaf.graph import Rectangle, Repair, Scoring, Trim, score_graph
from ffmpeg_worker.planning.vmaf.pairing import pair_videos
from support.jobs.vmaf_plans import video


def graph_of(reference: LocalFile, distorted: LocalFile, repair: Repair = Repair(), **changes: Any) -> str:  # noqa: B008
    options: dict[str, Any] = {
        "model": "vmaf_v0.6.1",
        "threads": 2,
        "subsample": 1,
        "features": (),
        "ten_bits": False,
        **changes,
    }
    graph, _ = score_graph(pair_videos(reference, distorted, None), Scoring(**options), repair)
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
    distorted, reference = chains_of(graph_of(video(0), video(1), Repair(Trim(reference=5))))
    assert "trim=start=0.18" in reference  # half a frame before frame 5 at 25 fps
    assert "trim" not in distorted
    distorted, _ = chains_of(graph_of(video(0), video(1, fps=24, frames=250), Repair(Trim(distorted=5))))
    assert "trim=start_frame=5" in distorted


def test_runs_of_frames_are_chosen_and_paired_by_number() -> None:
    runs = (Run(0, 0, 100), Run(101, 100, 149))
    distorted, reference = chains_of(graph_of(video(0), video(1), Repair(runs=runs)))
    assert "select='if(lt(n,101),if(lt(n,100),if(lt(n,0),0,1),0),if(lt(n,250),1,0))'" in reference
    assert "select='if(lt(n,249),if(lt(n,0),0,1),0)',settb=expr=1/100,setpts=N*4" in distorted


def test_parts_of_the_pictures_are_compared_at_the_size_of_the_reference() -> None:
    repair = Repair(turn=Turn.MIRRORED, distorted_part=Rectangle(240, 0, 1440, 1080))
    distorted, reference = chains_of(graph_of(video(0), video(1), repair))
    assert "crop=1440:1080:240:0,hflip,scale=1920:1080:flags=bicubic" in distorted
    assert "crop" not in reference
    assert "hflip" not in reference
    same = Rectangle(240, 0, 1440, 1080)
    distorted, reference = chains_of(graph_of(video(0), video(1), Repair(Trim(), (), Turn.NONE, same, same)))
    assert "crop=1440:1080:240:0,scale=1440:1080" in reference
    assert "crop=1440:1080:240:0,scale=1440:1080" in distorted


def test_libvmaf_gets_the_features_that_it_has_and_xpsnr_gets_copies() -> None:
    pairing = pair_videos(video(0), video(1), None)
    graph, labels = score_graph(pairing, Scoring("m", 2, 5, ("psnr", "ssim", "xpsnr"), ten_bits=False))
    assert "n_subsample=5:feature=name=psnr|name=float_ssim" in graph
    assert "[dx][rx]xpsnr=stats_file=-" in graph
    assert labels == ("[score]", "[xpsnr]")


def test_thumbnails_come_from_the_frames_that_are_scored() -> None:
    pairing = pair_videos(video(0, fps=50), video(1, fps=25), None)
    graph, _ = score_graph(pairing, Scoring("m", 2, 1, (), ten_bits=False), thumbnails_s=13.2)
    for name in "dr":
        split = f"fps=50:round=up:start_time=0,split[{name}0][{name}1];[{name}1]trim=end=13.200,scale=24:24"
        assert split in graph


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=60))
def test_a_select_filter_keeps_exactly_the_ranges(gaps: list[tuple[int, int]]) -> None:
    ranges, kept, at = [], set(), 0
    for gap, count in gaps:
        ranges.append((at + gap, count))
        kept |= set(range(at + gap, at + gap + count))
        at += gap + count
    expression = select_ranges(ranges).removeprefix("select='").removesuffix("'")
    choose = re.sub(r"\bif\(", "when(", expression)
    names = {"when": lambda condition, yes, no: yes if condition else no, "lt": lambda a, b: a < b}
    assert {n for n in range(at + 5) if eval(choose, {"n": n, **names})} == kept
    assert expression.count("if") == 2 * len(ranges)
