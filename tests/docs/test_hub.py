"""The files in `.runpod` have the format of RunPod's Hub, and name only variables that the worker reads."""

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
# From RunPod's publishing guide.
CATEGORIES = {"audio", "embedding", "language", "video", "image"}
INPUT_KEYS = {"name", "type", "description", "default", "options", "min", "max", "required", "advanced"}
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}


def form_defaults() -> dict[str, str]:
    """Return the environment variables of the unchanged form of the Hub."""
    return {
        entry["key"]: str(entry.get("value", entry.get("input", {}).get("default")))
        for entry in HUB["config"]["env"]
    }


def test_hub_json_has_the_required_fields() -> None:
    assert set(HUB) == {"title", "description", "type", "category", "config"}
    assert (HUB["type"], HUB["category"] in CATEGORIES) == ("serverless", True)
    config = HUB["config"]
    assert set(config) == {"runsOn", "containerDiskInGb", "cpuFlavor", "presets", "env"}
    assert (config["runsOn"], type(config["containerDiskInGb"])) == ("CPU", int)
    for variable in config["env"]:
        assert set(variable) in ({"key", "value"}, {"key", "input"})


@pytest.mark.parametrize(
    "variable", [entry for entry in HUB["config"]["env"] if "input" in entry], ids=lambda entry: entry["key"]
)
def test_an_input_of_the_form_is_valid(variable: dict[str, Any]) -> None:
    form = variable["input"]
    assert {"name", "type", "description", "default"} <= set(form) <= INPUT_KEYS
    assert isinstance(form["default"], TYPES[form["type"]])
    if "options" in form:
        assert form["default"] in [option["value"] for option in form["options"]]
    if form["type"] == "number":
        assert form["min"] <= form["default"] <= form["max"]


def test_the_worker_reads_every_variable() -> None:
    named = {entry["key"] for config in (HUB["config"], TESTS["config"]) for entry in config["env"]}
    named |= {key for preset in HUB["config"]["presets"] for key in preset["defaults"]}
    assert named - KNOWN == set()


def read_settings_with(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    monkeypatch.chdir(folder)
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_variable_of(name), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_the_default_values_are_valid_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read_settings_with(form_defaults(), monkeypatch, tmp_path)
    assert (settings.data_root, settings.api_timeout_s, settings.bucket_endpoint_url) == (Path("data"), 570, None)


@pytest.mark.parametrize("preset", HUB["config"]["presets"], ids=lambda preset: preset["name"])
def test_a_preset_has_valid_settings(
    preset: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert set(preset["defaults"]) <= set(form_defaults())
    bucket = {"BUCKET_NAME": "media"} if preset["defaults"]["CLOUD_STORAGE_TYPE"] != "LOCAL" else {}
    read_settings_with({**form_defaults(), **preset["defaults"], **bucket}, monkeypatch, tmp_path)


def test_tests_json_has_the_required_fields() -> None:
    assert set(TESTS) == {"tests", "config"}
    assert TESTS["config"]["cpuFlavor"] == HUB["config"]["cpuFlavor"]
    for entry in TESTS["tests"]:
        assert (set(entry), type(entry["timeout"])) == ({"name", "input", "timeout"}, int)


@pytest.mark.parametrize("entry", TESTS["tests"], ids=lambda entry: entry["name"])
def test_a_test_is_a_job_without_inputs_or_urls(entry: dict[str, Any]) -> None:
    job = parse_job(entry["input"])
    assert job.inputs == {}
    assert "://" not in json.dumps(entry)


def test_the_hub_finds_the_handler_the_dockerfile_and_the_readme(tmp_path: Path) -> None:
    for name in ("handler.py", "Dockerfile", "README.md"):
        assert (ROOT / ".runpod" / name).is_file() or (ROOT / name).is_file()
    command = [sys.executable, str(ROOT / ".runpod/handler.py")]
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TEST_INPUT_FILE_NAME": "nothing.json"}
    ended = subprocess.run(
        command, check=False, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert "test_input_unreadable" in ended.stdout
