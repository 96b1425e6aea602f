"""Lists for the concat demuxer, and filters that open files, on inputs that are read by range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.attacks.sandboxes import needs_sandbox
from support.servers.range_web import RangeWeb
from support.worker import Worker

pytestmark = needs_sandbox
_DIGEST = "-f framemd5 o.txt"


def job(commands: Any, folder: str, text: str = "") -> dict[str, Any]:
    """A job on files of a folder; `text` is the list, with the folder as `@`."""
    used = f"{commands} {text}"
    inputs: dict[str, Any] = {name: f"{folder}{name}.mov" for name in "ab" if f"{{{{{name}}}}}" in used}
    if text:
        inputs["list"] = {"content": text.replace("@", folder), "name": "l.txt"}
    return {"action": "process", "inputs": inputs, "data": {"chainCmds": commands}}


async def run_both(by_range: Worker, server: RangeWeb, commands: Any, text: str = "") -> dict[str, Any]:
    """Run a job on the files of the server, and on the local ones; returns the stats of the first."""
    results = [await by_range.run(job(commands, folder, text)) for folder in (f"{server.new_place()}/", "")]
    contents = [[Path(one["path"]).read_bytes() for one in result["outputs"]] for result in results]
    assert contents[0] == contents[1]
    assert all(contents[0])
    stats: dict[str, Any] = results[0]["stats"]
    return stats


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("commands", "text", "most"),
    [
        (f"-f concat -safe 0 -i {{{{list}}}} -c copy {_DIGEST}", "file '@a.mov'\nfile '@b.mov'\n", 1.1),
        (
            f"-f concat -i {{{{list}}}} -c copy {_DIGEST}",
            "ffconcat version 1.0\nfile {{a}}\ninpoint 8\noutpoint 8.4\nfile {{b}}\ninpoint 0\noutpoint 0.2\n",
            0.5,
        ),
        (
            f"-ss 12.5 -t 0.4 -f concat -i {{{{list}}}} -c copy {_DIGEST}",
            "file @a.mov\nduration 12\nfile @b.mov\nduration 9\n",
            0.5,
        ),
        (
            [
                f"-t 0.2 -i {{{{b}}}} -f concat -i {{{{list}}}} -map 1:v -c copy -t 0.4 {_DIGEST}".split(),
                "-f concat -i {{list}} -c copy -ss 0.4 -t 0.4 -f framemd5 p.txt".split(),
            ],
            "file @a.mov\nfile {{b}}\n",
            0.6,
        ),
    ],
)
async def test_a_list_reads_only_what_it_needs(
    by_range: Worker, server: RangeWeb, commands: Any, text: str, most: float
) -> None:
    stats = await run_both(by_range, server, commands, text)
    size = len(server.files["a.mov"]) + len(server.files["b.mov"])
    assert stats["source_bytes"] >= size
    assert stats["input_bytes"] <= size * most
    assert stats["input_bytes"] <= server.sent + 1000  # with the list itself


@pytest.mark.asyncio(loop_scope="module")
async def test_files_of_a_list_with_safe_names_are_downloaded(by_range: Worker, server: RangeWeb) -> None:
    command = f"-f concat -safe 1 -i {{{{list}}}} -c copy {_DIGEST}"
    stats = await run_both(by_range, server, command, "file @short.mov\n")
    assert stats["inputs_by_range"] == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_a_long_list(by_range: Worker, server: RangeWeb) -> None:
    entries = "".join(f"file '@{number}/short.mov'\n" for number in range(50))
    text = entries.replace("@", f"{server.new_place()}/")
    command = f"-f concat -i {{{{list}}}} -c copy {_DIGEST}"
    remote = await by_range.run(job(command, "", text))
    local = await by_range.run(job(command, "", "file 'short.mov'\n" * 50))
    assert remote["stats"]["inputs_by_range"] == 48
    contents = [Path(result["outputs"][0]["path"]).read_bytes() for result in (remote, local)]
    assert contents[0] == contents[1]


@pytest.mark.asyncio(loop_scope="module")
async def test_errors_have_the_name_of_the_entry(by_range: Worker, server: RangeWeb) -> None:
    text = "file @a.mov\noutpoint 0.2\nfile @noise.mov\n"
    error = await by_range.fail(job("-f concat -i {{list}} -c copy -xerror o.mov", f"{server.new_place()}/", text))
    assert "fd:" not in str(error.as_problem())
    assert "noise.mov" in str(error.as_problem())


@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_of_an_entry_that_cannot_be_had_are_the_error(by_range: Worker, server: RangeWeb) -> None:
    server.stop_at, server.status = 4_000_000, 403
    text = "file @a.mov\nfile @b.mov\n"
    folder = f"{server.new_place()}/"
    error = await by_range.fail(job("-f concat -i {{list}} -c copy o.mov", folder, text))
    assert error.code == "source_access_expired"
    assert str(error.where["input"]).endswith("a.mov")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "command",
    [
        f"-t 0.2 -i {{{{b}}}} -vf movie={{{{a}}}}:seek_point=8[m];[in][m]hstack {_DIGEST}",
        f"-filter_complex movie=filename='{{{{a}}}}':s=dv+da[v][s] -map [v] -map [s] -t 0.2 {_DIGEST}",
        f"-f lavfi -i movie={{{{a}}}}:sp=8,hflip -f lavfi -i amovie={{{{b}}}} -t 0.2 {_DIGEST}",
    ],
)
async def test_a_filter_reads_a_part_of_a_file(by_range: Worker, server: RangeWeb, command: str) -> None:
    stats = await run_both(by_range, server, command)
    assert stats["inputs_by_range"] >= 1
    assert server.sent < stats["source_bytes"] * 0.6


@pytest.mark.asyncio(loop_scope="module")
async def test_a_filter_with_options_for_its_file_has_it_downloaded(by_range: Worker, server: RangeWeb) -> None:
    command = f"-filter_complex movie={{{{a}}}}:format_opts=probesize=100000 -t 0.2 {_DIGEST}"
    await run_both(by_range, server, command)
    assert server.sent >= len(server.files["a.mov"])
