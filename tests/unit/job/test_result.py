"""Results are made from the reports of a job's lanes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from ffmpeg_worker.errors import AllProcessesFailed, EngineFailed, EngineKilled, SourceNotFound, WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.canvas import CanvasResult
from ffmpeg_worker.job.actions.download import DownloadResult
from ffmpeg_worker.job.actions.multi_process import MultiProcessResult
from ffmpeg_worker.job.actions.probe import ProbeResult
from ffmpeg_worker.job.actions.process import ProcessResult
from ffmpeg_worker.job.actions.vmaf import VmafResult
from ffmpeg_worker.job.problem import Problem, error_from_problem, record_error
from ffmpeg_worker.job.result import JobResult, LaneReport
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, Stats

COMMON: dict[str, Any] = {"job_id": "7", "metadata": {"order": 1}}
WHOLE = Stats(seconds=9.0, input_bytes=5)
LANE_STATS = Stats(seconds=2.0, cpu_seconds=1.5)
FILE = OutputFile(name="a.mp4", path="/data/a.mp4", size=3, content_type="video/mp4")
LOG = CommandLog(command=0, log="max_volume: -3 dB")
LANE = LaneReport((FILE,), LANE_STATS, ("slow",), (LOG,))
SCORES: dict[str, Any] = {
    "score": 90.0,
    "pooled": {"mean": 90.0},
    "frames": 2,
    "worst": [],
    "alignment": {"status": "shifted"},
    "model": "vmaf_v0.6.1",
}


def test_a_process_has_the_stats_of_the_whole_job_and_its_logs() -> None:
    assert ProcessResult.from_lanes(COMMON, [LANE], WHOLE) == ProcessResult(
        job_id="7", metadata={"order": 1}, outputs=(FILE,), stats=WHOLE, warnings=("slow",), logs=(LOG,)
    )


def test_warnings_of_the_summary_come_first() -> None:
    lane = LaneReport((), LANE_STATS, ("slow",), (LOG,), {**SCORES, "warnings": ["shifted"]})
    result = VmafResult.from_lanes(COMMON, [lane], WHOLE).as_json()
    assert result["warnings"] == ["shifted", "slow"]
    assert (result["score"], result["model"], result["stats"]["seconds"]) == (90.0, "vmaf_v0.6.1", 9.0)
    assert "logs" not in result


def test_the_summary_of_a_render_is_in_its_result() -> None:
    facts = {"width": 640, "height": 360, "fps": 25.0, "duration": 2.0}
    lane = LaneReport((FILE,), LANE_STATS, summary=facts)
    assert CanvasResult.from_lanes(COMMON, [lane], WHOLE) == CanvasResult(
        **COMMON, **facts, outputs=(FILE,), stats=WHOLE
    )


def test_a_probe_is_the_document_and_the_metadata() -> None:
    document = {"format": {"duration": "1"}, "streams": [{"index": 0}], "packets": [1]}
    lane = LaneReport(stats=LANE_STATS, summary=document)
    assert ProbeResult.from_lanes(COMMON, [lane], WHOLE).as_json() == {**document, "metadata": {"order": 1}}


@pytest.mark.parametrize("kind", [ProcessResult, ProbeResult, DownloadResult])
def test_the_failure_of_the_only_lane_is_raised(kind: type[JobResult]) -> None:
    lane = LaneReport(problem=record_error(SourceNotFound("There is no input.")))
    with pytest.raises(SourceNotFound, match="no input"):
        kind.from_lanes(COMMON, [lane], WHOLE)


def test_every_process_is_reported_on_its_own() -> None:
    error = EngineFailed("No encoder.", code="encoder_unknown").at(process=1)
    fused = LaneReport((FILE,), LANE_STATS, is_fused=True)
    result = MultiProcessResult.from_lanes(
        COMMON, [LANE, LaneReport(problem=record_error(error)), fused], WHOLE
    ).as_json()
    assert result == {
        "job_id": "7",
        "metadata": {"order": 1},
        "results": [
            {
                "index": 0,
                "success": True,
                "outputs": [FILE.as_json()],
                "stats": LANE_STATS.as_json(),
                "warnings": ["slow"],
                "logs": [LOG.as_json()],
            },
            {"index": 1, "success": False, "outputs": [], "warnings": [], "error": error.as_problem()},
            {
                "index": 2,
                "success": True,
                "fused": True,
                "outputs": [FILE.as_json()],
                "stats": LANE_STATS.as_json(),
                "warnings": [],
            },
        ],
        "succeeded": 2,
        "failed": 1,
        "outputs": [FILE.as_json(), FILE.as_json()],
        "stats": WHOLE.as_json(),
        "warnings": [],
    }


def test_a_report_survives_json() -> None:
    report = LaneReport((FILE,), LANE_STATS, ("slow",), (LOG,), {"frames": 2}, is_fused=True)
    adapter = TypeAdapter(LaneReport)
    assert adapter.validate_json(adapter.dump_json(report)) == report


@pytest.mark.parametrize("level", ["full", "chroot"])
def test_the_result_of_a_confined_job_is_unchanged(level: str) -> None:
    result = ProcessResult(outputs=(), stats=WHOLE)
    assert result.with_sandbox_note(level) is result


@pytest.mark.parametrize("action", ACTIONS)
def test_a_weak_sandbox_is_noted_in_every_result(action: str) -> None:
    example = ACTIONS[action].result.model_validate(ACTIONS[action].response)
    noted = example.with_sandbox_note("off")
    assert noted.sandbox == "off"
    warnings = noted.warnings or ()
    assert len(warnings) == (1 if action in {"process", "multi_process", "vmaf"} else 0)
    assert all("does not confine jobs" in warning for warning in warnings)


def failed(error: WorkerError) -> LaneReport:
    return LaneReport(problem=record_error(error))


NOT_FOUND = SourceNotFound('There is no input "a.mp4".', hint="Check it.", where={"process": 0})
NO_ENCODER = EngineFailed("There is no such encoder.", code="encoder_unknown", where={"process": 1})
KILLED = EngineKilled("FFmpeg was killed.", where={"process": 0})


@pytest.mark.parametrize(
    ("errors", "fault", "retryable", "message"),
    [
        ([NOT_FOUND], "source", False, 'The only process failed: There is no input "a.mp4".'),
        ([NOT_FOUND, NOT_FOUND], "source", False, "All 2 processes failed; the first one: There is no input"),
        ([NOT_FOUND, NO_ENCODER], "caller", False, "All 2 processes failed; the first one: There is no input"),
        ([KILLED, KILLED], "worker", True, "All 2 processes failed; the first one: FFmpeg was killed."),
        ([KILLED, NO_ENCODER], "caller", False, "All 2 processes failed; the first one: FFmpeg was killed."),
    ],
)
def test_a_job_of_which_every_process_failed_is_an_error(
    errors: list[WorkerError], fault: str, retryable: bool, message: str
) -> None:
    with pytest.raises(AllProcessesFailed) as caught:
        MultiProcessResult.from_lanes(COMMON, [failed(error) for error in errors], WHOLE)
    problem = caught.value.as_problem("7")
    assert problem["error"].startswith(message)
    assert (problem["code"], problem["fault"]) == ("all_processes_failed", fault)
    assert (problem["retryable"], problem["where"]) == (retryable, {"process": 0})
    assert [report["error"]["code"] for report in problem["results"]] == [error.code for error in errors]
    assert Problem.model_validate(problem).as_json() == problem
    again = error_from_problem(record_error(caught.value))
    assert again.as_problem("7") == problem


def test_one_process_that_succeeds_makes_a_result() -> None:
    result = MultiProcessResult.from_lanes(COMMON, [failed(NOT_FOUND), LANE], WHOLE)
    assert (result.succeeded, result.failed) == (1, 1)
