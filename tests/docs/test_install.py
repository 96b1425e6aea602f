"""One install has everything but the MCP server's SDK, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from support.docs.json_examples import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "run", ROOT / "Dockerfile"]
EXTRA = re.compile(r"pip install[^\n]*\[(?!(?:dev|docs|mcp)\])")


@pytest.mark.parametrize("name", ["runpod", "opencv-python-headless", "uharfbuzz", "resvg-py", "fastapi-offline"])
def test_a_plain_install_has_what_every_action_needs(name: str) -> None:
    assert any(re.match(rf"{name}\b", line) for line in PROJECT["dependencies"])
    assert set(PROJECT["optional-dependencies"]) == {"dev", "docs", "mcp"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_asks_for_another_extra(page: str) -> None:
    assert not EXTRA.search((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", ["cli", "cli.run", "api.serve", "runpod_worker"])
def test_the_sdk_and_the_renderer_are_loaded_by_those_that_need_them(module: str) -> None:
    program = f"import sys, ffmpeg_worker.{module}; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert set(ended.stdout.split()) & {"runpod", "boto3", "cv2", "mcp", "numpy", "uvloop"} == set()
