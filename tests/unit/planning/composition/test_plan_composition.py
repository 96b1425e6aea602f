"""Golden plans of compositions: rendering in parallel with the audio, and joining.

`./run rewrite` rewrites the file; git shows what changed.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.placed_files import Folder, TextFile
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.planning.steps import FfmpegStep, RenderStep, Step, StillStep
from ffmpeg_worker.scene.scene import Scene
from support.jobs.ass_scripts import script
from support.jobs.plans import plan_job

GOLDEN = Path(__file__).with_name("golden_plan_canvas.json")
PICTURE = StreamInfo("video", codec="h264", duration_s=8.0, width=640, height=360)
HDR = StreamInfo(
    "video", codec="hevc", duration_s=8.0, width=640, height=360, color=("tv", None, "smpte2084", None)
)
SOUND = StreamInfo("audio", codec="aac", duration_s=8.0, sample_rate=48000, channels=2)
MEDIA = {
    "film.mp4": MediaInfo("mov,mp4", (PICTURE, SOUND), 8.0),
    "mute.mp4": MediaInfo("mov,mp4", (PICTURE,), 8.0),
    "hdr.mp4": MediaInfo("mov,mp4", (HDR,), 8.0),
}
TEXTS = {"x.ass": script(("0:00:01.00", "0:00:02.00", r"{\fad(200,0)}Hello"))}
FILM = {"type": "video", "src": "film.mp4"}
TITLE = {"type": "text", "text": "{{name}}", "start": 5, "duration": 3}


def canvas(*layers: dict[str, Any], variables: Any = None, **data: Any) -> dict[str, Any]:
    composition: dict[str, Any] = {"width": 64, "height": 36, "fps": 10, "layers": list(layers)}
    composition |= {} if variables is None else {"variables": variables}
    return {"action": "canvas", "data": {"json": composition, **data}}


CASES: dict[str, dict[str, Any]] = {
    "two ranges and a sound": canvas(FILM),
    "no sound": canvas(FILM | {"src": "mute.mp4"}),
    "too short to be cut": canvas(FILM | {"duration": 2, "muted": True}),
    "a part": canvas(FILM, startTime=1, endTime=6.5),
    "a poster": canvas(FILM | {"muted": True, "duration": 1}, poster={"time": 0.5, "name": "p.jpg"}),
    "a folder": canvas(FILM | {"duration": 1}, output="films/x.webm"),
    "opacity in webm is not cut": canvas(FILM, output="x.webm", transparent=True),
    "gif": canvas(FILM, output="x.gif"),
    "pictures": canvas(FILM, output="f/%03d.png"),
    "one picture": canvas(FILM, output="x.png"),
    "frames made up": canvas(FILM | {"muted": True}, vfi=30),
    "rows share what is equal": canvas(FILM, TITLE, variables=[{"name": "Ada"}, {"name": "Bob"}]),
    "HDR": canvas({"type": "video", "src": "hdr.mp4", "trim": {"start": 1, "end": 3}}),
    "subtitles with looks": canvas({"type": "subtitles", "src": "x.ass"}, render_scale=0.5, startTime=1.15),
    "preview": {"action": "canvas_preview", "data": {"json": canvas(FILM)["data"]["json"], "t": 1.5, "width": 32}},
    "preview in a file": {
        "action": "canvas_preview",
        "data": {"json": canvas(FILM)["data"]["json"], "output": "p.jpg"},
    },
}


def planned(job: dict[str, Any], *, cores: int = 4) -> Lane:
    (lane,) = plan_job(job, Machine(cores, option_policy=False), _files).lanes
    return lane


def _files(required: tuple[RequiredInput, ...]) -> LocalFiles:
    return LocalFiles(
        {
            item.key: LocalFile(Path(item.key), item.key, 1, MEDIA.get(item.key), TEXTS.get(item.key))
            for item in required
        }
    )


def _placed(step: FfmpegStep | RenderStep, kind: type[Folder | TextFile]) -> list[str]:
    items = [item for item in step.setup if isinstance(item, kind)]
    return [item.text if isinstance(item, TextFile) else item.name for item in items]


def _shown(invocation: Invocation) -> str:
    return shlex.join(("ffmpeg", *invocation.arguments))


def _lines(steps: tuple[Step, ...]) -> Iterator[Any]:
    for step in steps:
        match step:
            case RenderStep():
                ranges = [f"{part.first}-{part.last}: {_shown(part.encode)}" for part in step.ranges]
                beside, folders = [*_lines(step.beside)], _placed(step, Folder)
                yield {"draw": [step.pixel_format, *ranges], "beside": beside, "folders": folders}
                for stream in (stream for part in step.ranges for stream in part.streams):
                    yield {stream.name: [*_lines((stream.step,))]}
            case StillStep():
                assert isinstance(step.scene, Scene)
                yield f"still {step.frame} of {step.scene.width}x{step.scene.height}: {step.work_name}"
            case FfmpegStep():
                yield [_shown(step.invocation), *_placed(step, TextFile)]
            case _:
                raise TypeError(step)


def as_golden(lane: Lane) -> dict[str, Any]:
    artifacts = [
        f"{each.name} as {each.work_name}: {each.kind.value}, {each.promised_s}" for each in lane.artifacts
    ]
    return {"steps": [*_lines(lane.steps)], "artifacts": artifacts}


def test_golden_plans() -> None:
    plans = {name: as_golden(planned(job)) for name, job in CASES.items()}
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(plans, indent=1) + "\n")
    assert plans == json.loads(GOLDEN.read_text())


def test_a_preview_without_a_name_stands_in_the_result() -> None:
    lane = planned(CASES["preview"])
    found = lane.summary.build((), {"_preview.png": b"\x89PNG"})
    assert found == {
        "t": 1.5,
        "width": 32,
        "height": 18,
        "duration": 8.0,
        "image": "data:image/png;base64,iVBORw==",
    }


def test_rows_say_their_lengths() -> None:
    lane = planned(CASES["rows share what is equal"])
    assert [row["duration"] for row in lane.summary.build((), {})["rows"]] == [8.0, 8.0]


def test_rows_run_side_by_side_and_wait_for_what_they_share() -> None:
    lane = planned(CASES["rows share what is equal"], cores=2)
    order = lane.side_by_side
    assert order is not None
    # Each row renders its own frames; the second one joins them with those and the sound of the first.
    assert (order.groups, order.at_once) == (((0, 1), (2, 3)), 2)
    assert [type(step) for step in lane.steps] == [RenderStep, FfmpegStep, RenderStep, FfmpegStep]
    assert order.after == {0: frozenset(), 1: frozenset(), 2: frozenset(), 3: frozenset({0})}


def test_rows_wait_for_a_preparation_that_an_earlier_one_makes() -> None:
    hdr = FILM | {"src": "hdr.mp4", "muted": True}
    lane = planned(canvas(hdr, TITLE, variables=[{"name": "Ada"}, {"name": "Bob"}]), cores=2)
    order = lane.side_by_side
    assert order is not None
    (prepare, *_), (render, *_) = order.groups
    assert isinstance(lane.steps[prepare], FfmpegStep)
    assert isinstance(lane.steps[render], RenderStep)
    assert prepare in order.after[render]


@pytest.mark.parametrize(
    ("cores", "size", "seconds", "at_once"),
    [
        (2, (1280, 720), 1, 2),
        (16, (640, 360), 1, 9),
        (16, (640, 360), 8, 2),
        (16, (1920, 1080), 1, 4),
        (2, (4096, 2160), 1, 1),
    ],
)
def test_as_many_rows_run_as_cores_and_memory_allow(
    cores: int, size: tuple[int, int], seconds: int, at_once: int
) -> None:
    job = canvas(
        {**TITLE, "start": 0, "duration": seconds}, variables=[{"name": f"n{each}"} for each in range(12)]
    )
    job["data"]["json"] |= {"width": size[0], "height": size[1]}
    order = planned(job, cores=cores).side_by_side
    assert order is not None
    assert order.at_once == at_once


@pytest.mark.parametrize(
    ("size", "ranges", "threads"),
    [((1920, 1080), 4, 4), ((4096, 2160), 1, 16), ((640, 360), 4, 4), ((3000, 1500), 1, 16)],
)
def test_large_pictures_are_encoded_by_fewer_encoders(size: tuple[int, int], ranges: int, threads: int) -> None:
    job = canvas(FILM | {"muted": True})
    job["data"]["json"] |= {"width": size[0], "height": size[1]}
    step = planned(job, cores=16).steps[0]
    assert isinstance(step, RenderStep)
    arguments = step.ranges[0].encode.arguments
    assert (len(step.ranges), arguments[arguments.index("-threads") + 1]) == (ranges, str(threads))


def test_a_part_without_frames_is_refused() -> None:
    with pytest.raises(InvalidJob) as caught:
        planned(canvas(FILM, startTime=9))
    assert caught.value.code == "empty_part"
