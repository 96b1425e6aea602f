"""A TypeScript client that is generated from the OpenAPI document compiles in strict mode and runs jobs."""

from __future__ import annotations

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docs.code_blocks import find_code
from support.docs.json_examples import ROOT
from support.servers.api_server import Server, running_server

pytestmark = pytest.mark.nightly  # the Python client is generated from the same document in each run

SOURCES = ROOT / "tests" / "support" / "programs" / "generated_clients"
PACKAGES = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")
EXPECTED = """\
made.mp4 []
2 0 [true,true]
[128]
64 36 0.5
source_not_found
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated types, and the compiled client and example."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    installed = run("npm", "install", "--no-audit", "--no-fund", "--no-save", *PACKAGES, cwd=folder)
    if installed.returncode:
        pytest.skip(f"the packages of npm cannot be installed here: {installed.stderr[-300:]}")
    with urllib.request.urlopen(f"{server.url}/openapi.json") as response:
        (folder / "openapi.json").write_bytes(response.read())
    programs = folder / "node_modules" / ".bin"
    generated = run(programs / "openapi-typescript", "openapi.json", "-o", "ffmpeg-worker.d.ts", cwd=folder)
    assert generated.returncode == 0, generated.stderr
    for name in ("typescript_client.ts", "tsconfig.json"):
        shutil.copy(SOURCES / name, folder)
    code = find_code(ROOT / "docs" / "http.md", "ts", "openapi-fetch")
    (folder / "example.ts").write_text(code.replace("http://127.0.0.1:3000", server.url))
    compiled = run(programs / "tsc", "--project", ".", cwd=folder)
    assert compiled.returncode == 0, compiled.stdout
    return folder


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_it_runs_minimal_jobs(project: Path, server: Server) -> None:
    ended = run("node", "typescript_client.js", server.url, cwd=project)
    assert (ended.stdout, ended.stderr) == (EXPECTED, "")


def test_the_example_of_the_documentation_works(project: Path) -> None:
    ended = run("node", "example.js", cwd=project)
    assert (ended.stdout, ended.stderr) == ("example.mp4 video/mp4\n", "")
