"""A Python client that is generated from the OpenAPI document is well-typed and runs jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docs.code_blocks import find_code
from support.docs.json_examples import ROOT
from support.servers.api_server import Server, running_server

PROGRAM = ROOT / "tests" / "support" / "programs" / "generated_clients" / "python_client.py"
EXPECTED = """\
made.mp4 []
2 0 [True, True]
[128]
64 36 0.5
source_not_found
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def package(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a generated package."""
    folder = tmp_path_factory.mktemp("generated")
    with urllib.request.urlopen(f"{server.url}/openapi.json") as response:
        (folder / "openapi.json").write_bytes(response.read())
    generated = run(
        "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--fail-on-warning", cwd=folder
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    return folder / "ffmpeg-worker-client"


def run(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    # The generator formats its code with the ruff of the environment.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_package_has_the_name_of_the_program(package: Path) -> None:
    assert (package / "ffmpeg_worker_client" / "__init__.py").is_file()


def test_it_is_well_typed(package: Path) -> None:
    """Strictly, with a program that sends minimal requests."""
    checked = run("-m", "mypy", "--strict", "--config-file=", PROGRAM, cwd=package.parent, MYPYPATH=str(package))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def test_it_runs_minimal_jobs(package: Path, server: Server) -> None:
    ended = run(PROGRAM, server.url, cwd=package.parent, PYTHONPATH=str(package))
    assert (ended.stdout, ended.stderr) == (EXPECTED, "")


def test_the_example_of_the_documentation_works(package: Path, server: Server) -> None:
    code = find_code(ROOT / "docs" / "http.md", "python", "ffmpeg_worker_client")
    (package.parent / "example.py").write_text(code.replace("http://127.0.0.1:3000", server.url))
    ended = run("example.py", cwd=package.parent, PYTHONPATH=str(package))
    assert (ended.stdout, ended.stderr) == ("example.mp4 video/mp4\n", "")
