"""Any JSON is a valid job or an error, and any command is planned or refused."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.command import concat_list
from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.command.parse_commands import parse_commands
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.commands.durations import read_time
from ffmpeg_worker.planning.steps import FfmpegStep
from support.extent import examples
from support.jobs.plans import plan_job

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    "action path data body inputs timeout metadata chainCmds output processes input input1 input2 fuse upload "
    "model features in_1 url content name".split()
)
WORDS = st.sampled_from(
    [
        "process",
        "probe",
        "vmaf",
        "multi_process",
        "/ffmpeg/process",
        "a.mp4",
        "-i",
        "ffmpeg",
        "&&",
        "{{in_1}}",
        "..",
    ]
)
JOBS = st.recursive(
    JSON | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
TOKENS = st.lists(
    st.sampled_from(
        "-i a.mp4 b.mp4 c.mp4 -c:v libx264 -y -an -f null - concat lavfi -ss 3 {{in_1}} <<in_1>> concat:a.ts|b.ts "
        "-vf scale=2:2 out/%03d.png x.m3u8 && ffmpeg -t ../x /abs/x.mp4 http://h/x.mp4 file:d.mp4 pipe:1 "
        "-map 0:v".split()
    )
    | st.sampled_from(["o p.mp4", ""])
    | st.text(max_size=8),
    max_size=14,
)


@given(JOBS)
@settings(max_examples=examples(400))
def test_any_json_is_a_job_or_an_invalid_job(value: Any) -> None:
    for parse in (parse_job, lambda body: parse_action("process", body), lambda body: parse_action("vmaf", body)):
        try:
            parse(value)
        except InvalidJob as error:
            problem = error.as_problem()
            assert problem["error"]
            json.dumps(problem)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=examples(300))
def test_any_bytes_are_json_or_an_invalid_job(body: bytes) -> None:
    try:
        value = read_json(body)
    except InvalidJob:
        return
    json.dumps(value)


@given(TOKENS, st.lists(st.sampled_from(["o.mp4", "b.mp4", "out/%03d.png"]), max_size=2))
@settings(max_examples=examples(600))
def test_any_command_is_planned_or_refused(tokens: list[str], outputs: list[str]) -> None:
    try:
        plan = plan_job(
            {"action": "process", "data": {"chainCmds": tokens, "output": outputs}, "inputs": {"in_1": "in.mp4"}}
        )
    except InvalidJob:
        return
    for step in plan.lanes[0].steps:
        assert isinstance(step, FfmpegStep)
        line = read_command_line(step.invocation.arguments)
        for group in line.inputs:  # every input was staged, is an earlier output, or is not a file
            assert group.url.startswith(("file:", "concat:", "_in/")) or group.value_of("f") == "lavfi"
        for artifact in plan.lanes[0].artifacts:
            assert not artifact.work_name.startswith(("/", "../", "_in/"))


@given(st.text())
def test_reading_times_never_fails(text: str) -> None:
    read_time(text)


@given(st.text(alphabet="ab{}<>_1 ", max_size=30))
def test_placeholders_are_replaced_or_missing(text: str) -> None:
    names = placeholders.names_in(text)
    filled = placeholders.fill(text, dict.fromkeys(names, "X").__getitem__)
    assert len(names) == filled.count("X")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12).filter(
    lambda name: not set(name) & set("'\"\\#") and len(name.split()) == 1
)


@given(st.lists(NAMES, max_size=5, unique=True))
def test_concat_lists_are_read_and_renamed(names: list[str]) -> None:
    text = "ffconcat version 1.0\n" + "".join(f"file '{name}'\nduration 1\n" for name in names)
    assert [entry.name for entry in concat_list.read_entries(text)] == names
    renamed = concat_list.rename_entries(text, {name: f"{index}.mp4" for index, name in enumerate(names)})
    assert [entry.name for entry in concat_list.read_entries(renamed)] == [
        f"{index}.mp4" for index in range(len(names))
    ]
    assert renamed.count("duration 1") == len(names)


@given(st.lists(TEXT, min_size=1, max_size=8))
def test_tokens_in_a_list_stay_as_they_are(tokens: list[str]) -> None:
    plain = [token for token in tokens if token != "&&" and not token.startswith("-")] + ["end"]
    if len(plain) > 1 and plain[0] != "ffmpeg":
        assert parse_commands(plain) == (tuple(plain),)
