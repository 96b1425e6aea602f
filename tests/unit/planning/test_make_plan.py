"""Golden plans: whole command lines, outputs and promises of jobs, as values.

`UPDATE_GOLDEN=1 pytest tests/unit/planning/test_make_plan.py` rewrites the file; git shows what changed.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.option_policy.formats import MEDIA_DEMUXERS
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep, ProbeStep
from support.jobs.plans import lengths, plan_job, read

GOLDEN = Path(__file__).with_name("golden_plans.json")
GUARD = " ".join(media_input_options(Machine(cores=2)))
MEDIA = ",".join(sorted(MEDIA_DEMUXERS))
TEN_SECONDS = MediaInfo(
    "mov,mp4", (StreamInfo("video", duration_s=10.0, width=640, height=360, frames=250),), 10.0
)


def process(commands: Any, output: Any = None, **common: Any) -> dict[str, Any]:
    data = {"chainCmds": commands} | ({} if output is None else {"output": output})
    return {"action": "process", "data": data, **common}


def many(*commands: Any, **data: Any) -> dict[str, Any]:
    return {
        "action": "multi_process",
        "data": {"processes": [{"chainCmds": command} for command in commands], **data},
    }


def outputs(count: int, start: int = 0) -> list[str]:
    return [f"{number}.mp4" for number in range(start, start + count)]


CASES: dict[str, dict[str, Any]] = {
    "tokens": process(["ffmpeg", "-i", "a.mp4", "-crf", "23", "b.mp4"]),
    "output appended": process(["-i", "a.mp4", "-crf", "23"], "b.mp4"),
    "output already written": process("-i a.mp4 b.mp4", "b.mp4"),
    "placeholders": process("-i {{in_1}} -i <<logo>> x.mp4", inputs={"in_1": "clips/a b.mov", "logo": "l.png"}),
    "placeholder in a filter": process(
        ["-i", "{{in_1}}", "-vf", "subtitles={{subs}}", "x.mp4"],
        inputs={"in_1": "a.mp4", "subs": {"content": "1", "name": "s.srt"}},
    ),
    "bare name of an input": process("-i in_1 x.mp4", inputs=["a.mp4"]),
    "chain": process("-i a.mp4 b.mp4 && ffmpeg -i b.mp4 -vf scale=320:-2 c.mp4"),
    "chain with two results": process("-i a.mp4 t.jpg && ffmpeg -i a.mp4 c.mp4"),
    "chain, output says which": process("-i a.mp4 t.jpg && ffmpeg -i a.mp4 c.mp4", "c.mp4"),
    "two passes": process("-i a.mp4 -pass 1 -an -f null /dev/null && -i a.mp4 -pass 2 b.mp4"),
    "measure only": process("-i a.mp4 -af volumedetect -f null -"),
    "generated source": process("-f lavfi -i testsrc2=d=3 -f lavfi -i sine=d=3 o.mp4"),
    "own options are dropped": process("-y -hide_banner -loglevel quiet -nostdin -i a.mp4 b.mp4 -n"),
    "progress is the worker's": process("-progress pipe:1 -i a.mp4 b.mp4"),
    "playlist": process("-i a.mp4 -hls_time 4 -hls_segment_filename hls/s%03d.ts hls/out.m3u8"),
    "sequence": process("-i a.mp4 -vf fps=1 thumbs/%04d.jpg"),
    "absolute names": process("-i /media/in/a.mp4 /media/out/b.mp4"),
    "names with blanks and quotes": process(["-i", "my film's 1.mp4", "out 'é 😀.mp4"]),
    "file prefix": process("-i file:a.mp4 file:b.mp4"),
    "concat list": process(
        "-f concat -i {{list}} -c copy o.mp4", inputs={"list": {"content": "file a.mp4\nfile b.mp4\n"}}
    ),
    "concat protocol": process("-i concat:a.ts|b.ts -c copy o.mp4"),
    "files that filters mention": process(
        ["-i", "a.mp4", "-vf", "subtitles=subs/de.srt,lut3d=look.cube", "o.mp4"]
    ),
    "several outputs": process("-i a.mp4 -map 0:v v.mp4 -map 0:a a.m4a"),
    "cut": process("-ss 00:00:02 -i a.mp4 -t 3 b.mp4"),
    "tee": process(["-i", "a.mp4", "-f", "tee", "-map", "0", "[f=mp4]x.mp4|[f=flv]y.flv"], ["x.mp4", "y.flv"]),
    "options after the last output": process("-i a.mp4 b.mp4 -shortest"),
    "probe": {"action": "probe", "data": {"input": "a.mp4", "chainCmds": "-show_packets"}},
    "processes that share their input": many("-i a.mp4 -s 64x64 b.mp4", "-i a.mp4 c.mp3", "-ss 1 -i a.mp4 d.mp4"),
    "processes apart by wish": many("-i a.mp4 -s 64x64 b.mp4", "-i a.mp4 c.mp3", fuse=False),
    "processes that cannot share": many(
        "-i a.mp4 -filter_complex [0]null[v] -map [v] b.mp4",
        "-i a.mp4 -pass 1 -f null -",
        "-i a.mp4 c.mp4 && -i c.mp4 d.mp4",
        "-copyts -i a.mp4 e.mp4",
        "-i a.mp4 f.mp4",
    ),
    "not output-like": process(["-i", "a.mp4", "-metadata", "title=-x y.mp4", "-y", "b.mp4"]),
}


def shown_step(step: object, expected_s: float | None) -> Any:
    if isinstance(step, FfmpegStep):
        folders = [item.name for item in step.setup if isinstance(item, Folder)]
        argv = " ".join(step.invocation.arguments).replace(GUARD, "GUARD").replace(MEDIA, "MEDIA")
        facts = {"argv": argv, "expected_s": expected_s}
        extra = {"folders": folders, "show_log": step.keeps_log}
        return {key: value for key, value in (facts | extra).items() if value}
    assert isinstance(step, ProbeStep)
    return {"probe": step.staged, "options": list(step.options)}


def shown_lane(lane: Lane, media: Mapping[str, MediaInfo]) -> dict[str, Any]:
    estimates, promises = lengths(lane, media)
    facts = {
        "steps": [shown_step(step, seconds) for step, seconds in zip(lane.steps, estimates, strict=True)],
        "outputs": [[a.name, a.work_name, a.kind.value, promises[a.name]] for a in lane.artifacts],
        "intermediates": sorted(lane.intermediates),
        "mentions": sorted(lane.referenced_files),
        "warnings": list(lane.warnings),
    }
    return {key: value for key, value in facts.items() if value}


def shown(job: dict[str, Any]) -> dict[str, Any]:
    """The plan of a job whose media are all ten seconds long."""
    plan = plan_job(job)
    media = {item.key: TEN_SECONDS for item in read(job).required_inputs if item.is_media}
    lanes = [shown_lane(lane, media) for lane in plan.lanes]
    fusions = [
        {"members": list(f.members), **shown_step(f.step, lengths(plan.lanes[f.members[0]], media)[0][0])}
        for f in plan.fusions
    ]
    return {"lanes": lanes, "fusions": fusions} if fusions else {"lanes": lanes}


def test_golden_plans() -> None:
    found = json.loads(json.dumps({name: shown(job) for name, job in CASES.items()}))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("job", CASES.values(), ids=CASES)
def test_jobs_and_plans_can_be_pickled(job: dict[str, Any]) -> None:
    """Large ones come from another process."""
    for value in (read(job), plan_job(job)):
        assert pickle.loads(pickle.dumps(value)) == value


REFUSED: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (process("-i a.mp4 b.mp4 b.mp4"), "duplicate_output", {"command": 0, "output": "b.mp4"}),
    (process("-i a.mp4 b.mp4 && -i b.mp4 b.mp4"), "duplicate_output", {"command": 1, "output": "b.mp4"}),
    (process("-i a.mp4 x/b.mp4 /media/b.mp4 b.mp4"), "duplicate_output", {"output": "b.mp4"}),
    (process("-i a.mp4"), "no_output", {"command": 0}),
    (process("-encoders"), "no_output", {"command": 0}),
    (process("-i - b.mp4"), "standard_stream", {"command": 0, "argument": "-i"}),
    (process("-i a.mp4 -f mp4 -"), "standard_stream", {"command": 0, "argument": "-"}),
    (process("-i a.mp4 -f mp4 pipe:1"), "standard_stream", {"command": 0, "argument": "pipe:1"}),
    (process("-i a.mp4 rtmp://host/key"), "unsupported_feature", {"command": 0, "argument": "rtmp://…"}),
    (process("-i {{in_2}} b.mp4", inputs=["a.mp4"]), "unknown_input", {"command": 0, "input": "in_2"}),
    (process("-i a.mp4 -vf subtitles={{x}} b.mp4"), "unknown_input", {"command": 0, "input": "x"}),
    (process("-i ../a.mp4 b.mp4"), "path_outside_root", {"command": 0}),
    (process("-i a.mp4 ../b.mp4"), "path_outside_root", {"command": 0}),
    (process("-i a.mp4 x/../../b.mp4"), "path_outside_root", {"command": 0}),
    (process("-i a.mp4 /."), "invalid_name", {"command": 0}),
    (process("-i a.mp4 _in/b.mp4"), "invalid_name", {"command": 0}),
    (process("-i a.mp4 -crf"), "option_value_missing", {"command": 0, "argument": "-crf"}),
    (process(["-i", "a\nb.mp4", "c.mp4"]), "invalid_name", {"command": 0}),
    (process(["-i", "a" * 300, "c.mp4"]), "invalid_name", {"command": 0}),
    (process(["-i", "concat:a.ts||b.ts", "c.mp4"]), "invalid_name", {"command": 0}),
    (process(["-i", "https://host/" + "a" * 5000, "c.mp4"]), "invalid_name", {"command": 0}),
    (process(["-i", "{{" + "x" * 5000 + "}}", "c.mp4"]), "unknown_input", {"command": 0, "input": "x" * 64}),
    (
        process([["-i", "a.mp4", *outputs(334, start)] for start in (0, 334, 668)]),
        "command_too_long",
        {"command": 2},
    ),
    (process(["-i", "a.mp4", *(f"{'x' * 200}{n}%d.png" for n in range(82))]), "command_too_long", {"command": 0}),
    (process("-i x b.mp4", inputs={"x": "../../etc/passwd"}), "path_outside_root", {"input": "x"}),
    (many("-i a.mp4 b.mp4", "-i a.mp4 b.mp4"), "duplicate_output", {"process": 1, "output": "b.mp4"}),
    (many("-i a.mp4 b.mp4", "-i a.mp4"), "no_output", {"process": 1, "command": 0}),
]


@pytest.mark.parametrize(("job", "code", "where"), REFUSED)
def test_refused_before_anything_runs(job: dict[str, Any], code: str, where: dict[str, Any]) -> None:
    with pytest.raises(WorkerError) as caught:
        plan_job(job)
    assert isinstance(caught.value, InvalidJob)
    assert caught.value.code == code
    assert caught.value.where == where


def test_the_most_outputs_of_a_chain() -> None:
    commands = [["-i", "a.mp4", *outputs(334, start)] for start in (0, 334)]
    assert len(plan_job(process([*commands, ["-i", "a.mp4", *outputs(332, 668)]])).lanes[0].artifacts) == 1000
    plan_job(process(["-i", "a.mp4", *(f"{'x' * 197}{n}%d.png" for n in range(10, 89))]))


@pytest.mark.parametrize(
    ("commands", "results"),
    [
        ([["-i", "a.mp4", "-vf", "vidstabdetect=result=s.trf", "-f", "null", "-"]], ["s.trf"]),
        (
            [
                ["-i", "a.mp4", "-vf", "vidstabdetect=result=s.trf", "-f", "null", "-"],
                ["-i", "a.mp4", "-vf", "vidstabtransform=input=s.trf", "o.mp4"],
            ],
            ["o.mp4"],
        ),
        (
            [
                ["-i", "a.mp4", "-vf", "vidstabdetect=result='my s.trf'", "-f", "null", "-"],
                ["-i", "a.mp4", "-vf", "vidstabtransform=input='my s.trf'", "o.mp4"],
            ],
            ["o.mp4"],
        ),
        ([["-i", "a.mp4", "-f", "segment", "-segment_list", "l.m3u8", "o%d.ts"]], ["o%d.ts", "l.m3u8"]),
        ([["-i", "a.mp4", "f%d.png"], ["-i", "f%d.png", "o.mp4"]], ["o.mp4"]),
        ([["-i", "a.mp4", "f%d.png"], ["-pattern_type", "glob", "-i", "f*.png", "o.mp4"]], ["f%d.png", "o.mp4"]),
    ],
)
def test_results_are_what_no_later_command_reads(commands: Any, results: list[str]) -> None:
    assert [artifact.name for artifact in plan_job(process(commands)).lanes[0].artifacts] == results


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["-i", "a.mp4", "-f", "segment", "-segment_list", "l.m3u8", "o%d.ts"], "l.m3u8"),
        (["-i", "a.mp4", "-vf", "metadata=print:file=scenes.txt", "o.mp4"], "scenes.txt"),
        (["-i", "a.mp4", "-f", "tee", "-map", "0", "[f=mp4]my x.mp4|[f=flv]y.flv"], "my x.mp4"),
        (["-i", "a.mp4", "-f", "tee", "-map", "0", "[f=mp4]x.mp4|[f=flv]y.flv"], "y.flv"),
        (["-i", "a.mp4", "file:o.mp4"], "o.mp4"),
    ],
)
def test_an_output_that_a_command_names_already_is_not_appended(command: list[str], output: str) -> None:
    (read_command,) = read(process(command, output)).chains[0].commands
    assert [group.url for group in read_command.line.outputs] == command[-1:]


def test_needs_are_named_once_and_know_what_they_are_for() -> None:
    job = many(
        "-i a.mp4 b.mp4",
        "-i a.mp4 -i {{logo}} c.mp4",
        "-f concat -i l.txt -c copy d.mp4",
        inputs={"logo": "logo.png", "unused": {"content": "x"}},
    )
    needs = {need.key: need for need in read(job).required_inputs}
    assert list(needs) == ["logo", "unused", "a.mp4", "l.txt"]
    assert needs["a.mp4"].is_media
    assert needs["l.txt"].is_list
    assert not needs["unused"].is_media
