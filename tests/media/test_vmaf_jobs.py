"""Whole VMAF jobs in a confined worker: the examination runs in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import WorkerError
from support.media.vmaf_clips import run_ffmpeg
from support.worker import Worker, open_worker

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def _make(worker: Worker, name: str, *arguments: str) -> None:
    run_ffmpeg(*arguments, worker.data / name)


async def test_the_log_of_a_repaired_comparison_is_that_of_its_score(tmp_path: Path) -> None:
    async with open_worker(tmp_path) as worker:
        source = str(worker.data / "source.mp4")
        _make(worker, "source.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", *_X264)
        drop = "select=not(eq(n\\,40)),setpts=N/25/TB"
        _make(worker, "dropped.mp4", "-i", source, "-vf", drop, *_X264, "-crf", "32")
        _make(worker, "flipped.mp4", "-i", source, "-vf", "hflip", *_X264, "-crf", "32")
        data = {"input1": "source.mp4", "input2": "dropped.mp4", "output": "frames.json"}
        result = await worker.run({"action": "vmaf", "data": data})
        assert result["alignment"]["status"] == "corrected"
        assert result["score"] == result["scores"]["matched"] > result["scores"]["as_sent"] + 5
        log = json.loads((worker.data / "frames.json").read_bytes())
        assert (len(log["frames"]), result["frames"]) == (99, 99)
        assert log["pooled_metrics"]["vmaf"]["mean"] == pytest.approx(result["score"], abs=1e-5)

        flipped = await worker.run({"action": "vmaf", "data": {**data, "input2": "flipped.mp4"}})
        log = json.loads((worker.data / "frames.json").read_bytes())
        assert log["pooled_metrics"]["vmaf"]["mean"] == pytest.approx(flipped["scores"]["as_sent"], abs=1e-5)
        assert flipped["scores"]["matched"] > 60


async def test_images_and_single_frames_are_compared(tmp_path: Path) -> None:
    async with open_worker(tmp_path) as worker:
        _make(worker, "a.png", "-f", "lavfi", "-i", "testsrc2=s=320x180", "-frames:v", "1")
        _make(worker, "b.mp4", "-r", "30", "-i", str(worker.data / "a.png"), *_X264, "-frames:v", "1")
        _make(worker, "c.jpg", "-i", str(worker.data / "a.png"), "-q:v", "9")
        _make(worker, "d.mkv", "-r", "60", "-i", str(worker.data / "a.png"), *_X264, "-frames:v", "1")
        for first, second in (("a.png", "b.mp4"), ("b.mp4", "a.png"), ("a.png", "c.jpg"), ("b.mp4", "d.mkv")):
            result = await worker.run({"action": "vmaf", "data": {"input1": first, "input2": second}})
            assert (result["frames"], result["alignment"]["status"]) == (1, "ok")
            assert result["alignment"]["frame_rate"]["paired_by"] == "number"


@pytest.mark.parametrize("align", ["auto", "off"])
async def test_what_has_no_pictures_is_the_fault_of_the_file(tmp_path: Path, align: str) -> None:
    async with open_worker(tmp_path) as worker:
        _make(worker, "clip.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1", *_X264)
        _make(worker, "tone.mp3", "-f", "lavfi", "-i", "sine=d=1")
        _make(worker, "cover.png", "-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1")
        covered = ("-i", str(worker.data / "tone.mp3"), "-i", str(worker.data / "cover.png"))
        _make(
            worker, "song.mp3", *covered, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"
        )
        _make(worker, "empty.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180", "-t", "0", *_X264)
        whole = (worker.data / "clip.mp4").read_bytes()
        at = whole.index(b"mdat") + 4
        (worker.data / "hollow.mp4").write_bytes(whole[:at] + bytes(len(whole) - at))
        for name in ("tone.mp3", "song.mp3", "empty.mp4", "hollow.mp4"):
            for pair in ((name, "clip.mp4"), ("clip.mp4", name)):
                data = {"input1": pair[0], "input2": pair[1], "align": align}
                with pytest.raises(WorkerError) as caught:
                    await worker.run({"action": "vmaf", "data": data})
                assert caught.value.fault in {Fault.SOURCE, Fault.CALLER}, (pair, caught.value)
                assert caught.value.hint
