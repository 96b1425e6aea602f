"""Every job in the documentation runs unchanged, and so does every spelling of a job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.multi_process import MultiProcessResult
from ffmpeg_worker.job.actions.process import ProcessResult
from ffmpeg_worker.job.actions.vmaf import VmafResult
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job.result import JobResult
from support.docs.json_examples import ROOT, Example, examples_of
from support.media.sources import make, make_clip
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = [example for page in ("README.md", "docs/jobs.md") for example in examples_of(page)]
# These pages use files that do not exist here, so their jobs are only parsed. Compositions have their own test.
READ_ONLY = [
    example
    for page in sorted((ROOT / "docs").glob("*.md"))
    for example in examples_of(f"docs/{page.name}")
    if page.name not in {"jobs.md", "canvas.md"} and {"action", "path"} & set(example.value)
]

COMMAND = ["-i", "source.mp4", "-vf", "scale=-2:90", "small.mp4"]
SPELLINGS: dict[str, Any] = {
    "tokens": ["ffmpeg", *COMMAND],
    "tokens without the program": COMMAND,
    "options with their values": ["-i source.mp4", "-vf scale=-2:90", "small.mp4"],
    "one element": ["ffmpeg " + " ".join(COMMAND)],
    "one string": "ffmpeg " + " ".join(COMMAND),
    "one string without the program": " ".join(COMMAND),
    "a list of lists": [COMMAND],
    "a chain of lists": [["-i", "source.mp4", "-c", "copy", "a.mkv"], ["-i", "a.mkv", *COMMAND[2:]]],
    "a chain of tokens": ["-i", "source.mp4", "-c", "copy", "a.mkv", "&&", "ffmpeg", "-i", "a.mkv", *COMMAND[2:]],
    "a chain in a string": "ffmpeg -i source.mp4 -c copy a.mkv && ffmpeg -i a.mkv -vf scale=-2:90 small.mp4",
}
INPUTS: dict[str, Any] = {
    "map": {"in_1": "source.mp4"},
    "map of objects": {"in_1": {"url": "source.mp4"}},
    "map with all that an object may say": {"in_1": {"url": "source.mp4", "headers": {"Accept": "video/mp4"}}},
    "list": ["source.mp4"],
    "list of objects": [{"url": "source.mp4"}],
    "beside a text": {
        "in_1": "source.mp4",
        "subs": {"content": "1\n00:00:00,000 --> 00:00:01,000\nHi\n", "name": "a.srt"},
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with small files of the same names as the demo's."""
    root = tmp_path_factory.mktemp("examples")
    source = make_clip(root / "data/source.mp4", seconds=1, size="320x180", fps=30)
    for height in (480, 240):
        rung = root / f"data/ladder/{height}p.mp4"
        make(rung, "-i", str(source), "-vf", f"scale=-2:{height}", "-preset", "ultrafast", "-c:a", "copy")
    async with open_worker(root) as opened:
        yield opened


def parse(example: Example) -> Job:
    return parse_job(example.job)


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.runs], ids=str)
@pytest.mark.sampled(2)
async def test_an_example_runs_unchanged(worker: Worker, example: Example) -> None:
    check_result(await worker.services.run(parse(example)))


def check_result(result: JobResult) -> None:
    """Check that the job succeeded without warnings and its outputs exist."""
    if isinstance(result, ProcessResult):
        assert result.outputs or result.logs
        assert result.warnings == ()
    if isinstance(result, MultiProcessResult):
        assert (result.failed, result.warnings) == (0, ())
    if isinstance(result, VmafResult):
        assert 50 < result.score <= 100
    for output in getattr(result, "outputs", ()):
        assert Path(output.path).stat().st_size == output.size


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.code is not None], ids=str)
async def test_an_example_of_an_error_fails_with_its_code(worker: Worker, example: Example) -> None:
    with pytest.raises(InvalidJob) as caught:
        await worker.services.run(parse(example))
    assert caught.value.code == example.code


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.note == "answer"], ids=str)
async def test_an_example_response_has_the_keys_of_the_models(example: Example) -> None:
    model: type[Problem | ProcessResult] = Problem if "error" in example.value else ProcessResult
    assert set(example.value) <= set(model.model_fields)
    model.model_validate(example.value)


@pytest.mark.parametrize("example", READ_ONLY, ids=str)
async def test_an_example_of_another_page_is_a_valid_job(example: Example) -> None:
    parse(example)


async def test_examples_have_known_notes_and_cover_every_action() -> None:
    assert all(one.runs or one.code or one.note == "answer" for one in EXAMPLES)
    assert {one.path for one in EXAMPLES} >= {action.path for action in ACTIONS.values()}
    assert {one.value["action"] for one in EXAMPLES if "action" in one.value} == set(ACTIONS)


@pytest.fixture(scope="module")
def results() -> list[tuple[Job, dict[str, Any]]]:
    """The jobs of the spellings that were run, with their results."""
    return []


async def run_once(
    worker: Worker, results: list[tuple[Job, dict[str, Any]]], job: dict[str, Any]
) -> dict[str, Any]:
    """The result of a job; one that is equal after parsing is not run again."""
    parsed = parse_job(job)
    for other, result in results:
        if other == parsed:
            return result
    results.append((parsed, await worker.run(job)))
    return results[-1][1]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "keys", [("action", "process", "data"), ("path", "/ffmpeg/process", "body")], ids=["action", "path"]
)
@pytest.mark.sampled(3)
async def test_every_spelling_of_a_command_has_the_same_result(
    worker: Worker, results: list[tuple[Job, dict[str, Any]]], keys: tuple[str, str, str], spelling: str
) -> None:
    name_key, name, data_key = keys
    result = await run_once(worker, results, {name_key: name, data_key: {"chainCmds": SPELLINGS[spelling]}})
    [output] = result["outputs"]
    assert (output["name"], output["media"]["width"], output["media"]["height"]) == ("small.mp4", 160, 90)


@pytest.mark.parametrize("beside", [True, False], ids=["beside data", "inside data"])
@pytest.mark.parametrize("placeholder", ["{{in_1}}", "<<in_1>>"])
@pytest.mark.parametrize("spelling", INPUTS)
@pytest.mark.sampled(3)
async def test_every_spelling_of_inputs_works(
    worker: Worker, results: list[tuple[Job, dict[str, Any]]], spelling: str, placeholder: str, beside: bool
) -> None:
    inputs = {"inputs": INPUTS[spelling]}
    data = {"chainCmds": ["-i", placeholder, "-vf", "scale=-2:90"], "output": "small.mp4"}
    job = {"action": "process", "data": data, **inputs} if beside else {"action": "process", "data": data | inputs}
    result = await run_once(worker, results, job)
    assert [output["media"]["height"] for output in result["outputs"]] == [90]
