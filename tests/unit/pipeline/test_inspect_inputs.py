"""Media facts and texts of inputs, and when a plan waits for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import EngineKilled, SourceTooLarge, SourceUnreadable
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Gpu, Machine
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.pipeline import inspect_inputs as inspection
from ffmpeg_worker.pipeline.inspect_inputs import inspect_inputs
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.step_result import StepResult
from support.job_contexts import FakeJob
from support.wait_until import until_async

VMAF = {"action": "vmaf", "data": {"input1": "a.mp4", "input2": "b.mp4"}}
SUBTITLES = {
    "action": "canvas",
    "data": {"json": {"width": 64, "height": 36, "layers": [{"type": "subtitles", "src": "s.srt"}]}},
}
GPU = Machine(cores=2, gpu=Gpu(1, "NVIDIA L4", frozenset({"h264_nvenc"})))


def files(folder: Path, *names: str, content: bytes = b"media") -> LocalFiles:
    by_key = {}
    for name in names:
        (folder / name).write_bytes(content)
        by_key[name] = LocalFile(folder / name, name, len(content))
    return LocalFiles(by_key)


async def test_facts_are_there_before_a_plan_that_depends_on_them(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, VMAF)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4", "b.mp4")) as inputs:
        media = [inputs.files[name].media for name in ("a.mp4", "b.mp4")]
    assert [facts.duration_s if facts else None for facts in media] == [10.0, 10.0]


async def test_other_plans_do_not_wait_and_learn_the_lengths_later(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")) as inputs:
        assert inputs.files["a.mp4"].media is None
        (lane,) = make_plan(job.context.read, inputs.files, job.context.machine).lanes
        assert inputs.expect_now(lane).estimate(0) is None
        written = [[WrittenOutput((WrittenStream("video", (0, 0)),))]]
        promised = (await inputs.expect(lane, written)).promised
        assert promised["b.mp4"].length_s == 10.0
        await until_async(lambda: inputs.expect_now(lane).estimate(0) == 10.0)


VIDEO_OF_A = WrittenOutput((WrittenStream("video", (0, 0)),))


async def test_inputs_are_not_probed_where_the_log_tells_enough(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, is_watched=False)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")) as inputs:
        (lane,) = make_plan(job.context.read, inputs.files, job.context.machine).lanes
        result = StepResult(outputs=(VIDEO_OF_A,), input_lengths=(10.0,))
        assert (await inputs.expect_enough(lane, [result])).at_most_s == pytest.approx(10.01)
        assert job.probes.asked == []
        unknown = StepResult(outputs=(VIDEO_OF_A,), input_lengths=(None,))
        expected = await inputs.expect_enough(lane, [unknown])
        assert (expected.at_most_s, expected.promised["b.mp4"].length_s) == (None, 10.0)
        assert job.probes.asked == ["a.mp4"]


@pytest.mark.parametrize(("is_watched", "records_steps"), [(True, False), (False, True)])
async def test_inputs_are_probed_at_once_for_progress_and_where_steps_are_recorded(
    tmp_path: Path, is_watched: bool, records_steps: bool
) -> None:
    job = FakeJob(tmp_path, is_watched=is_watched, records_steps=records_steps)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")):
        await until_async(lambda: job.probes.asked == ["a.mp4"])


@pytest.mark.parametrize(("hardware", "waits"), [("auto", True), ("off", False)])
async def test_a_plan_for_the_gpu_waits(tmp_path: Path, hardware: str, waits: bool) -> None:
    process = {"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4", "hardware": hardware}}
    job = FakeJob(tmp_path, process, machine=GPU)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")) as inputs:
        assert (inputs.files["a.mp4"].media is not None) == waits


@pytest.mark.parametrize(
    ("more", "skips_pixels"), [({}, True), ({"parallel": 2}, False), ({"hardware": "auto"}, False)]
)
async def test_pixels_are_only_skipped_where_nothing_is_planned_with_them(
    tmp_path: Path, more: dict[str, Any], skips_pixels: bool
) -> None:
    process = {"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4", **more}}
    job = FakeJob(tmp_path, process, machine=GPU)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")) as inputs:
        await inputs.media()
    assert job.probes.options == [{"is_brief": True, "skips_pixels": skips_pixels, "file": None}]


async def test_what_cannot_be_probed_stays_unknown(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, VMAF, probes={"a.mp4": SourceUnreadable("no media")})
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4", "b.mp4")) as inputs:
        assert inputs.files["a.mp4"].media is None
        assert inputs.files["b.mp4"].media is not None


async def test_a_probe_that_is_killed_fails_only_jobs_that_depend_on_its_facts(tmp_path: Path) -> None:
    killed = {"a.mp4": EngineKilled("The probe was killed.")}
    (tmp_path / "one").mkdir()
    job = FakeJob(tmp_path / "one", probes=killed)
    async with inspect_inputs(job.context, files(tmp_path, "a.mp4")) as inputs:
        (lane,) = make_plan(job.context.read, inputs.files, job.context.machine).lanes
        written = [[WrittenOutput((WrittenStream("video", (0, 0)),))]]
        assert (await inputs.expect(lane, written)).promised == {}
    (tmp_path / "two").mkdir()
    job = FakeJob(tmp_path / "two", VMAF, probes=killed)
    with pytest.raises(EngineKilled):
        async with inspect_inputs(job.context, files(tmp_path, "a.mp4", "b.mp4")):
            pass


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("utf-8-sig"), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
    ],
)
async def test_texts_are_read_in_their_encoding(tmp_path: Path, content: bytes, text: str) -> None:
    job = FakeJob(tmp_path, SUBTITLES)
    async with inspect_inputs(job.context, files(tmp_path, "s.srt", content=content)) as inputs:
        assert inputs.files["s.srt"].text == text
    assert job.probes.asked == []


async def test_a_file_that_is_no_text_is_refused_with_its_place(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, SUBTITLES)
    with pytest.raises(SourceUnreadable) as caught:
        async with inspect_inputs(job.context, files(tmp_path, "s.srt", content=b"a\0b")):
            pass
    assert (caught.value.code, caught.value.where["input"]) == ("source_not_text", "s.srt")
    assert "layers[0]" in str(caught.value.where["field"])


async def test_inputs_that_were_not_fetched_are_left_out(tmp_path: Path) -> None:
    problem: dict[str, Any] = {"error": "x", "code": "source_not_found", "fault": "source", "retryable": False}
    job = FakeJob(tmp_path)
    async with inspect_inputs(job.context, LocalFiles({}, {"a.mp4": problem})) as inputs:
        assert inputs.files.failed == {"a.mp4": problem}
    assert job.probes.asked == []


@pytest.mark.parametrize("limit", ["MAX_TEXT_FILE_BYTES", "MAX_TEXT_FILES_BYTES"])
async def test_texts_are_limited_in_bytes(tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = FakeJob(tmp_path, SUBTITLES)
    given = files(tmp_path, "s.srt", content=b"x" * 100)
    monkeypatch.setattr(inspection, limit, 100)
    async with inspect_inputs(job.context, given) as inputs:
        assert inputs.files["s.srt"].text == "x" * 100
    monkeypatch.setattr(inspection, limit, 99)
    with pytest.raises((SourceTooLarge, SourceUnreadable)) as caught:
        async with inspect_inputs(job.context, given):
            pass
    assert caught.value.code == {"MAX_TEXT_FILE_BYTES": "source_not_text"}.get(limit, "source_too_large")
