"""Every example of the guides runs: jobs, lines of the shell, Python and Node, against one server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.settings import read_settings
from ffmpeg_worker.storage.default_bucket import default_bucket
from support.docs.code_blocks import CodeBlock, find_blocks
from support.docs.json_examples import ROOT
from support.docs.variables import KNOWN
from support.media.sources import make, make_clip
from support.servers.api_server import Server, running_server
from support.servers.nginx import running_nginx

FOLDER = ROOT / "docs"
PAGES = [
    FOLDER / "index.md",
    FOLDER / "quickstart.md",
    *sorted(FOLDER.glob("how-to/*.md")),
    *sorted(FOLDER.glob("explanation/*.md")),
]
BLOCKS = [block for page in PAGES for block in find_blocks(page)]
NOT_RUN = "not run: "
BEHIND_NGINX = "run behind nginx"
SILENT = {"answer", "of another service", "policy", "nginx"}
"""Notes of blocks that are no code of ours, or that other tests read."""
RUNNERS = {"sh": ("bash", "-euo", "pipefail"), "python": (sys.executable,), "js": ("node", "--input-type=module")}
STORE_VARIABLES = ("AWS_", "GOOGLE_", "AZURE_")


def blocks(language: str, note: str = "") -> list[CodeBlock]:
    return [block for block in BLOCKS if (block.language, block.note) == (language, note)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader works, with small files of the same names as the demo's."""
    root = tmp_path_factory.mktemp("guides")
    source = make_clip(root / "demo-output/source.mp4", seconds=1, size="160x90", fps=10)
    make(root / "demo-output/ladder/240p.mp4", "-i", str(source), "-c", "copy")
    # curl reports an error by its exit status only if it is told to.
    (root / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    return root


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    # One slot: while a job runs, another one waits.
    with running_server(folder, FS_PATH=str(folder / "demo-output"), MAX_CONCURRENCY="1") as running:
        yield running


def run(block: CodeBlock, folder: Path, url: str, **variables: str) -> str:
    """Run a block in the reader's folder; return what it prints."""
    program, *options = RUNNERS[block.language]
    if shutil.which(program) is None or (block.language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"not installed: {program} or curl")
    code = block.text.replace("http://127.0.0.1:3000", url).replace("https://api.runpod.ai", url)
    known = {"ENDPOINT_ID": "own", "RUNPOD_API_KEY": "key", "HOME": str(folder), "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [program, *options, "-"] if block.language == "python" else [program, *options],
        input=code,
        cwd=folder,
        env=known | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return pytest.fail(error.read().decode())


JOBS = blocks("json")
FIRST = list({block.place.partition(":")[0]: block for block in reversed(JOBS)}.values())
RUN = JOBS if os.environ.get("FULL_CORPUS") == "1" else FIRST
"""The jobs that run: those of all pages with `FULL_CORPUS=1`, else the first of each; all others are planned."""


def delete(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=60).close()


@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_job_runs_unchanged(block: CodeBlock, server: Server) -> None:
    job = json.loads(block.text)
    result = post(f"{server.url}/api{ACTIONS[parse_job(job).action].path}", job)
    assert result.get("failed", 0) == 0
    assert result.get("warnings", []) == []


@pytest.mark.parametrize(
    "block", [*blocks("json", "planned"), *(block for block in JOBS if block not in RUN)], ids=str
)
def test_a_job_with_files_elsewhere_is_planned(block: CodeBlock, server: Server) -> None:
    plan = post(f"{server.url}/api/plan", json.loads(block.text))
    assert plan["inputs"]
    assert plan["processes"] or not plan["complete"]


@pytest.mark.parametrize("block", [block for name in RUNNERS for block in blocks(name)], ids=str)
def test_code_runs(block: CodeBlock, folder: Path, server: Server) -> None:
    printed = run(block, folder, server.url)
    assert '"error"' not in printed


@pytest.mark.parametrize("block", blocks("sh", "settings"), ids=str)
def test_settings_are_valid(block: CodeBlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = dict(line.split("=", 1) for line in block.text.splitlines())
    for name, value in given.items():
        assert name in KNOWN or name.startswith(STORE_VARIABLES)
        monkeypatch.setenv(name, value.replace("…", "some-key"))
    bucket = default_bucket(read_settings())
    assert (bucket is not None) == ("BUCKET_NAME" in given)


def test_every_block_is_run_or_says_why_not() -> None:
    run_ones = {"", "planned", "settings", BEHIND_NGINX} | SILENT
    unknown = [block.place for block in BLOCKS if block.note not in run_ones and NOT_RUN not in block.note]
    assert unknown == []
    languages = {block.language for block in BLOCKS if not block.note}
    assert languages <= {"json", *RUNNERS}


@pytest.fixture(scope="module")
def proxies(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Addresses of nginx with the block of the page, and with the defaults of nginx, which buffer answers."""
    [block] = [block.text for block in BLOCKS if block.note == "nginx"]
    plain = block.replace("proxy_buffering off;", "").replace("proxy_http_version 1.1;", "")
    assert "proxy_buffering" not in plain
    assert "proxy_http_version" not in plain
    with running_nginx(tmp_path_factory.mktemp("nginx"), server.url, block, plain) as addresses:
        yield addresses


@pytest.mark.parametrize("number", [0, 1], ids=["as the page says", "with buffering"])
def test_events_pass_the_proxy_while_the_job_waits(server: Server, proxies: list[str], number: int) -> None:
    """The first event is smaller than nginx's buffer, and no other follows while the job waits for its slot."""
    endless = "ffmpeg -re -f lavfi -i testsrc2=size=16x16:rate=1 -t 600 -f null -"
    job = {"action": "process", "data": {"chainCmds": endless}}
    running, waiting = (post(f"{server.url}/api/jobs", job)["id"] for _ in range(2))
    try:
        with urllib.request.urlopen(f"{proxies[number]}/api/jobs/{waiting}/events", timeout=10) as events:
            lines = iter(events.readline, b"")
            assert any(line.startswith(b"data: ") and b'"queued"' in line for line in lines)
            delete(f"{proxies[number]}/api/jobs/{waiting}")
            assert any(b'"cancelled"' in line for line in lines)
    finally:
        for name in (waiting, running):
            delete(f"{server.url}/api/jobs/{name}?wait=60")


@pytest.mark.parametrize("block", blocks("sh", BEHIND_NGINX), ids=str)
def test_the_checks_of_the_page_pass_behind_nginx(
    block: CodeBlock, folder: Path, server: Server, proxies: list[str]
) -> None:
    job = post(f"{server.url}/api/jobs", {"action": "probe", "data": {"input": "source.mp4"}})
    printed = run(block, folder, server.url, PROXY=proxies[0], ID=job["id"])
    assert "3000000" in printed  # a body above nginx's own limit
    assert '"succeeded"' in printed
    assert printed.endswith("206\n")
