"""RunPod's Hub can read what lies in `.runpod`, and would find nothing in it that the worker does not know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.settings import Settings, environment_variable_of, read_settings
from support.docs.json_examples import ROOT
from support.docs.variables import KNOWN

HUB: dict[str, Any] = json.loads((ROOT / ".runpod/hub.json").read_text(encoding="utf-8"))
TESTS: dict[str, Any] = json.loads((ROOT / ".runpod/tests.json").read_text(encoding="utf-8"))
# As RunPod's publishing guide has them.
CATEGORIES = {"audio", "embedding", "language", "video", "image"}
INPUT_KEYS = {"name", "type", "description", "default", "options", "min", "max", "required", "advanced"}
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}


def defaults() -> dict[str, str]:
    """What the environment holds when nobody changes anything in the Hub's form."""
    return {one["key"]: str(one.get("value", one.get("input", {}).get("default"))) for one in HUB["config"]["env"]}


def test_hub_json_has_what_the_hub_requires() -> None:
    assert set(HUB) == {"title", "description", "type", "category", "config"}
    assert (HUB["type"], HUB["category"] in CATEGORIES) == ("serverless", True)
    config = HUB["config"]
    assert set(config) == {"runsOn", "containerDiskInGb", "cpuFlavor", "presets", "env"}
    assert (config["runsOn"], type(config["containerDiskInGb"])) == ("CPU", int)
    for variable in config["env"]:
        assert set(variable) in ({"key", "value"}, {"key", "input"})


@pytest.mark.parametrize(
    "asked", [one for one in HUB["config"]["env"] if "input" in one], ids=lambda one: one["key"]
)
def test_an_input_of_the_form_is_one_that_the_hub_shows(asked: dict[str, Any]) -> None:
    form = asked["input"]
    assert {"name", "type", "description", "default"} <= set(form) <= INPUT_KEYS
    assert isinstance(form["default"], TYPES[form["type"]])
    if "options" in form:
        assert form["default"] in [option["value"] for option in form["options"]]
    if form["type"] == "number":
        assert form["min"] <= form["default"] <= form["max"]


def test_every_variable_is_one_that_is_read() -> None:
    named = {one["key"] for config in (HUB["config"], TESTS["config"]) for one in config["env"]}
    named |= {key for preset in HUB["config"]["presets"] for key in preset["defaults"]}
    assert named - KNOWN == set()


def settings_with(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    monkeypatch.chdir(folder)
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_variable_of(name), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_the_form_as_it_stands_is_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = settings_with(defaults(), monkeypatch, tmp_path)
    assert (settings.data_root, settings.api_timeout_s, settings.bucket_endpoint_url) == (Path("/data"), 570, None)


@pytest.mark.parametrize("preset", HUB["config"]["presets"], ids=lambda preset: preset["name"])
def test_a_preset_is_of_the_form(preset: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert set(preset["defaults"]) <= set(defaults())
    bucket = {"BUCKET_NAME": "media"} if preset["defaults"]["CLOUD_STORAGE_TYPE"] != "LOCAL" else {}
    settings_with({**defaults(), **preset["defaults"], **bucket}, monkeypatch, tmp_path)


def test_tests_json_has_what_the_hub_requires() -> None:
    assert set(TESTS) == {"tests", "config"}
    assert TESTS["config"]["cpuFlavor"] == HUB["config"]["cpuFlavor"]
    for one in TESTS["tests"]:
        assert (set(one), type(one["timeout"])) == ({"name", "input", "timeout"}, int)


@pytest.mark.parametrize("one", TESTS["tests"], ids=lambda one: one["name"])
def test_a_test_is_a_job_that_needs_nothing(one: dict[str, Any]) -> None:
    job = parse_job(one["input"])
    assert job.inputs == {}
    assert "://" not in json.dumps(one)


def test_the_hub_finds_the_handler_the_dockerfile_and_the_readme(tmp_path: Path) -> None:
    for name in ("handler.py", "Dockerfile", "README.md"):
        assert (ROOT / ".runpod" / name).is_file() or (ROOT / name).is_file()
    command = [sys.executable, str(ROOT / ".runpod/handler.py")]
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TEST_INPUT_FILE_NAME": "nothing.json"}
    ended = subprocess.run(
        command, check=False, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert "test_input_unreadable" in ended.stdout
