"""The MCP server as a real process, driven by the client of the official SDK."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents
from PIL import Image

from support.media.decode import rgb_frames
from support.media.sources import make_clip
from support.processes import with_argument
from support.servers.mcp_server import (
    McpSession,
    command_for,
    environment_of,
    open_session,
    picture_of,
    structured_of,
)
from support.wait_until import until, until_async

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "-f lavfi -i testsrc2=size=640x360:duration=3600 -c:v mpeg4"
RED = {
    "width": 1920,
    "height": 1080,
    "layers": [
        {"type": "shape", "shape": "rect", "fill": "#ff0000", "width": "100%", "height": "100%", "duration": 1}
    ],
}
READ_ONLY = {
    "list_files",
    "list_presets",
    "probe",
    "measure_quality",
    "plan",
    "preview_composition",
    "composition_reference",
    "job_status",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[McpSession]:
    """A server that runs one command at a time; its data root has a clip of one second."""
    root = tmp_path_factory.mktemp("mcp")
    make_clip(root / "data/clip.mp4", seconds=1)
    (root / "secret.txt").write_text("outside")
    (root / "data/link.txt").symlink_to(root / "secret.txt")
    async with open_session(root, environment_of(root, MAX_CONCURRENCY="1")) as opened:
        yield opened
    assert "Traceback" not in (root / "log").read_text()
    assert [*(root / "scratch").iterdir()] == []


async def test_tools_are_described_for_models_and_for_programs(session: McpSession) -> None:
    tools = {tool.name: tool for tool in (await session.client.list_tools()).tools}
    assert {
        name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint
    } == READ_ONLY
    assert set(tools) - READ_ONLY == {
        "run_preset",
        "run_command",
        "render_composition",
        "submit_job",
        "cancel_job",
    }
    for tool in tools.values():
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
        assert "$ref" not in json.dumps([tool.input_schema, tool.output_schema])
        assert tool.annotations is not None
        assert tool.annotations.destructive_hint is (tool.name not in READ_ONLY)
        assert tool.annotations.idempotent_hint is (tool.name != "submit_job")
    shown = [[tool.name, tool.description, tool.input_schema] for tool in tools.values()]
    assert len(json.dumps(shown)) < 30_000  # they are in the context of every conversation
    assert session.client.instructions is not None


async def test_probe_and_list_files(session: McpSession) -> None:
    document = await session.call("probe", input="clip.mp4")
    assert [stream["codec_name"] for stream in document["streams"]] == ["h264", "aac"]
    listed = await session.call("list_files", prefix="cl")
    [file] = listed["files"]
    assert (file["name"], file["content_type"]) == ("clip.mp4", "video/mp4")
    assert file["size"] == (session.data / "clip.mp4").stat().st_size


async def test_a_preset_is_found_planned_and_run(session: McpSession) -> None:
    names = [preset["name"] for preset in (await session.call("list_presets"))["presets"]]
    assert {"gif", "thumbnail", "concat"} <= set(names)
    [preset] = (await session.call("list_presets", name="thumbnail"))["presets"]
    assert "time" in preset["parameters"]["properties"]
    arguments = {"preset": "thumbnail", "input": "clip.mp4", "parameters": {"time": 0.5, "width": 80}}
    plan = await session.call("plan", action="process", data=arguments)
    assert [process["preset"] for process in plan["processes"]] == ["thumbnail"]
    assert not (session.data / "thumbnail.jpg").exists()
    [output] = (await session.call("run_preset", **arguments))["outputs"]
    with Image.open(session.data / output["name"]) as picture:
        assert picture.size == (80, 45)


async def test_a_chain_of_commands_runs_and_tells_its_progress(session: McpSession) -> None:
    plan = await session.call("plan", action="process", data={"chainCmds": "-f lavfi -i color=red:d=1 red.mp4"})
    assert (plan["complete"], plan["processes"][0]["outputs"]) == (True, ["red.mp4"])
    chain = [
        "-re -i {{in_1}} -an -c copy picture.mp4".split(),  # long enough to be reported
        "-i picture.mp4 -i {{subs}} -c:v copy -c:s mov_text small.mp4".split(),
    ]
    subs = {"content": "1\n00:00:00,000 --> 00:00:01,000\nHi\n", "name": "a.srt"}
    result = await session.call(
        "run_command", chainCmds=chain, inputs={"in_1": "clip.mp4", "subs": subs}, output="small.mp4"
    )
    assert [output["media"]["codecs"] for output in result["outputs"]] == [["h264", "mov_text"]]
    percents = [progress for progress, _, _ in session.reports]
    assert percents == sorted(set(percents))
    assert {total for _, total, _ in session.reports} == {100.0}
    assert any("running" in (message or "") for _, _, message in session.reports)


async def test_a_composition_is_described_previewed_and_rendered(session: McpSession) -> None:
    reference = await session.call("composition_reference")
    assert "layers" in reference["schema"]["properties"]
    layer = await session.call("composition_reference", part="TextLayer")
    assert "text" in layer["schema"]["properties"]
    example = await session.call("composition_reference", example=reference["examples"][0])
    assert example["composition"]["layers"]

    result = await session.try_call("preview_composition", {"composition": RED, "t": 0.5})
    value, picture = structured_of(result), picture_of(result)
    assert (value["width"], value["height"], picture.mime_type) == (1024, 576, "image/jpeg")
    with Image.open(io.BytesIO(base64.b64decode(picture.data))) as shown:
        assert shown.size == (1024, 576)
        assert np.asarray(shown.convert("RGB")).mean((0, 1)) == pytest.approx([255, 0, 0], abs=6)

    small = {**RED, "width": 160, "height": 90}
    [output] = (await session.call("render_composition", composition=small, output="red.mp4"))["outputs"]
    assert output["media"]["duration"] == pytest.approx(1)
    assert rgb_frames(session.data / "red.mp4")[10].mean((0, 1)) == pytest.approx([255, 0, 0], abs=6)


async def test_a_tall_preview_fits_too(session: McpSession) -> None:
    tall = {**RED, "width": 1080, "height": 1920}
    result = await session.try_call("preview_composition", {"composition": tall, "width": 1000})
    assert structured_of(result)["height"] == 1024


async def test_quality_is_measured(session: McpSession) -> None:
    result = await session.call("measure_quality", input1="clip.mp4", input2="clip.mp4")
    assert (result["score"] > 95, result["frames"]) == (True, 25)


async def test_schema_and_examples_can_be_read(session: McpSession) -> None:
    uris = [resource.uri for resource in (await session.client.list_resources()).resources]
    templates = (await session.client.list_resource_templates()).resource_templates
    assert len(templates) == 2
    for uri in (uris[0], uris[1], f"{uris[0]}/TextLayer"):
        [contents] = (await session.client.read_resource(uri)).contents
        assert isinstance(contents, TextResourceContents)
        assert json.loads(contents.text)
    for uri in (
        "file:///etc/passwd",
        f"{uris[0]}/../../etc/passwd",
        "ffmpeg-worker://composition/examples/nothing",
    ):
        with pytest.raises(MCPError, match="There is no"):
            await session.client.read_resource(uri)


REFUSED: Mapping[str, tuple[str, dict[str, Any], str, dict[str, Any] | None]] = {
    "a name that leads out": ("probe", {"input": "../secret.txt"}, "path_outside_root", None),
    "a link that leads out": ("probe", {"input": "link.txt"}, "path_outside_root", None),
    "a file of the machine": ("probe", {"input": "/etc/passwd"}, "path_outside_root", None),
    "a file URL": ("run_command", {"chainCmds": "-i file:///etc/passwd a.mp4"}, "path_outside_root", None),
    "an output that leads out": (
        "run_command",
        {"chainCmds": "-i clip.mp4 -c copy ../../a.mp4"},
        "path_outside_root",
        None,
    ),
    "a file that a filter opens": (
        "run_command",
        {"chainCmds": "-i clip.mp4 -vf movie=/etc/passwd a.mp4"},
        "forbidden_option",
        None,
    ),
    "an option that could leave the job": (
        "run_command",
        {"chainCmds": "-i clip.mp4 -report a.mp4"},
        "forbidden_option",
        {"command": 0, "argument": "-report"},
    ),
    "an address of this machine": ("probe", {"input": "https://127.0.0.1/a.mp4"}, "address_not_allowed", None),
    "a wrong type": ("run_command", {"chainCmds": 7}, "invalid_value", {"field": "chainCmds"}),
    "a wrong number": ("preview_composition", {"composition": RED, "t": "soon"}, "invalid_value", {"field": "t"}),
    "an unknown argument": ("probe", {"inptu": "clip.mp4"}, "unknown_field", {"field": "inptu"}),
    "a missing argument": ("probe", {}, "missing_field", {"field": "input"}),
    "an unknown preset": (
        "run_preset",
        {"preset": "giff", "input": "clip.mp4"},
        "unknown_preset",
        {"field": "preset"},
    ),
    "a wrong layer": (
        "render_composition",
        {"composition": {"layers": [{"type": "txet", "text": "a"}]}},
        "invalid_value",
        {"field": "composition.layers[0]"},
    ),
    "an encoder that does not exist": (
        "run_command",
        {"chainCmds": "-i clip.mp4 -c:v libx2645 a.mp4"},
        "encoder_unknown",
        {"command": 0, "argument": "-c:v"},
    ),
    "a destination": ("run_command", {"chainCmds": "-i clip.mp4 a.mp4", "upload": {}}, "unknown_field", None),
    "a destination in a job": (
        "submit_job",
        {
            "action": "process",
            "data": {"chainCmds": "-i clip.mp4 a.mp4", "upload": {"url": "https://a.example/x"}},
        },
        "unsupported_feature",
        {"field": "upload"},
    ),
    "a destination in an envelope": (
        "probe",
        {"input": {"input": "clip.mp4", "upload": {"url": "https://a.example/x"}}},
        "invalid_value",
        {"field": "input"},
    ),
    "a webhook": (
        "submit_job",
        {"action": "probe", "data": {"input": "clip.mp4", "webhook": "https://a.example/x"}},
        "unsupported_feature",
        {"field": "webhook"},
    ),
    "an action that is not served": (
        "submit_job",
        {"action": "upload", "data": {"input": "clip.mp4"}},
        "unknown_action",
        {"field": "action"},
    ),
    "a job that does not exist": ("job_status", {"job_id": "../x"}, "job_not_found", {"field": "job_id"}),
    "a wait without end": ("job_status", {"job_id": "x", "wait_s": 1e9}, "invalid_value", {"field": "wait_s"}),
    "NUL": ("probe", {"input": "clip.mp4\0"}, "invalid_json", None),
    "arguments that are too large": ("probe", {"input": "x" * (1 << 20)}, "body_too_large", None),
}


@pytest.mark.parametrize(("tool", "arguments", "code", "where"), REFUSED.values(), ids=REFUSED)
async def test_a_refused_call_says_what_to_change(
    session: McpSession, tool: str, arguments: dict[str, Any], code: str, where: dict[str, Any] | None
) -> None:
    problem = await session.fail(tool, arguments)
    assert problem["code"] == code
    assert problem["error"]
    for key, value in (where or {}).items():
        assert problem["where"][key] == value
    assert str(session.data.parent) not in json.dumps(problem)
    assert not (session.data / "a.mp4").exists()


async def test_an_unknown_tool_is_an_error_of_the_protocol(session: McpSession) -> None:
    with pytest.raises(MCPError, match="probe"):
        await session.client.call_tool("prob", {})


async def test_secrets_of_a_call_are_in_no_answer_and_no_log(session: McpSession) -> None:
    source = {"url": "https://ada:pa55word@127.0.0.1/a.mp4?sig=s1gned", "headers": {"X-Token": "t0ken"}}
    problem = await session.fail("run_command", {"chainCmds": "-i {{in_1}} a.mp4", "inputs": {"in_1": source}})
    seen = json.dumps(problem) + (session.data.parent / "log").read_text()
    assert not [secret for secret in ("pa55word", "s1gned", "t0ken") if secret in seen]


async def test_a_job_is_submitted_asked_for_and_cancelled(session: McpSession) -> None:
    name = f"submitted-{os.getpid()}.mp4"
    job = await session.call("submit_job", action="process", data={"chainCmds": f"{LONG} {name}"})
    assert (job["status"], job["action"]) == ("queued", "process")
    await until_async(lambda: with_argument(name) != [], within_s=30)
    running = await session.call("job_status", job_id=job["job_id"], wait_s=0.3)
    assert running["status"] == "running"
    cancelled = await session.call("cancel_job", job_id=job["job_id"])
    assert (cancelled["status"], cancelled["error"]["code"]) == ("cancelled", "cancelled")
    assert with_argument(name) == []
    assert await session.call("cancel_job", job_id=job["job_id"]) == cancelled


async def test_a_submitted_job_has_a_result_or_an_error(session: McpSession) -> None:
    good = {"chainCmds": "-i clip.mp4 -c copy submitted.mp4"}
    bad = {"chainCmds": "-i nowhere.mp4 -c copy a.mp4"}
    ended = []
    for data in (good, bad):
        job = await session.call("submit_job", action="process", data=data)
        ended.append(await session.call("job_status", job_id=job["job_id"], wait_s=30))
    assert [job["status"] for job in ended] == ["succeeded", "failed"]
    assert ended[0]["result"]["outputs"][0]["name"] == "submitted.mp4"
    assert ended[1]["error"]["code"] == "source_not_found"


async def test_calls_take_turns_and_a_cancelled_one_stops_at_once(session: McpSession) -> None:
    name = f"cancelled-{os.getpid()}.mp4"
    first = asyncio.ensure_future(session.try_call("run_command", {"chainCmds": f"{LONG} {name}"}))
    await until_async(lambda: with_argument(name) != [], within_s=30)
    second = asyncio.ensure_future(session.call("run_command", chainCmds="-i clip.mp4 -c copy second.mp4"))
    await until_async(lambda: any("waiting" in (message or "") for _, _, message in session.reports), within_s=30)
    assert not second.done()
    first.cancel()
    result = await second
    assert result["outputs"][0]["name"] == "second.mp4"
    assert with_argument(name) == []
    assert not (session.data / name).exists()


class _Wire:
    """A client that writes and reads the messages itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.received: list[dict[str, Any]] = []

    def send(self, method: str, params: Mapping[str, Any], number: int | None = None) -> None:
        assert self.process.stdin is not None
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.process.stdin.write(json.dumps(message if number is None else {**message, "id": number}) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        self.received.append(json.loads(self.process.stdout.readline()))
        return self.received[-1]


async def test_closing_stdin_ends_the_server_and_its_jobs(tmp_path: Path) -> None:
    names = [f"{kind}-{os.getpid()}.mp4" for kind in ("waited-for", "submitted-then")]
    environment = {**os.environ, **environment_of(tmp_path, MAX_CONCURRENCY="2", FFMPEG_WORKER_LOG_LEVEL="DEBUG")}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command_for(tmp_path), cwd=tmp_path, env=environment, text=True, **pipes) as process:
        wire = _Wire(process)
        client = {"name": "test", "version": "1"}
        wire.send("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}, 1)
        assert wire.receive()["result"]["serverInfo"]["name"] == "ffmpeg-worker"
        wire.send("notifications/initialized", {})
        waited_for, submitted = ({"chainCmds": f"{LONG} {name}"} for name in names)
        wire.send("tools/call", {"name": "run_command", "arguments": waited_for}, 2)
        job = {"action": "process", "data": submitted}
        wire.send("tools/call", {"name": "submit_job", "arguments": job}, 3)
        assert wire.receive()["id"] == 3
        until(lambda: all(with_argument(name) for name in names), within_s=30)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [json.loads(line)["jsonrpc"] for line in out.splitlines()] == ["2.0"] * len(out.splitlines())
    assert "Traceback" not in errors
    assert all(json.loads(line)["event"] for line in errors.splitlines())
    assert [with_argument(name) for name in names] == [[], []]
    assert [*(tmp_path / "data").iterdir()] == []
    assert [*(tmp_path / "scratch").iterdir()] == []
