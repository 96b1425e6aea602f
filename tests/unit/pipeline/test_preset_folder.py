"""The operator's folder of presets, as it is read at start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ffmpeg_worker.budgets import MAX_OPERATOR_PRESETS, MAX_PRESET_FILE_BYTES
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.pipeline.preset_folder import read_preset_folder

FILE = {"description": "Copy.", "output": "a.mp4", "chainCmds": "-i {{in_1}} -c copy a.mp4"}


def read(folder: Path | None) -> tuple[OperatorPreset, ...]:
    return read_preset_folder(folder, option_policy=True)


def refusal(folder: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        read(folder)
    return caught.value.message


def test_every_json_file_is_a_preset(tmp_path: Path) -> None:
    assert read(None) == ()
    assert read(tmp_path) == ()
    (tmp_path / "b.json").write_text(json.dumps(FILE))
    (tmp_path / "a.json").write_text(json.dumps({**FILE, "name": "zebra"}))
    (tmp_path / "notes.txt").write_text("no preset")
    (tmp_path / ".hidden.json").write_text("no preset")
    assert [preset.name for preset in read(tmp_path)] == ["zebra", "b"]


def test_what_is_no_preset_is_refused_with_the_file(tmp_path: Path) -> None:
    assert "FFMPEG_WORKER_PRESETS_ROOT" in refusal(tmp_path / "missing")
    path = tmp_path / "a.json"
    path.write_text("{")
    assert "a.json" in refusal(tmp_path)
    path.write_text("[]")
    assert "a.json" in refusal(tmp_path)
    path.write_text(json.dumps(FILE))
    (tmp_path / "b.json").write_text(json.dumps({**FILE, "name": "a"}))
    assert 'b.json cannot be used: another file has the name "a"' in refusal(tmp_path)


def test_a_file_may_have_so_many_bytes(tmp_path: Path) -> None:
    text = json.dumps(FILE)
    (tmp_path / "a.json").write_text(text + " " * (MAX_PRESET_FILE_BYTES - len(text)))
    assert len(read(tmp_path)) == 1
    (tmp_path / "a.json").write_text(text + " " * (MAX_PRESET_FILE_BYTES + 1 - len(text)))
    assert str(MAX_PRESET_FILE_BYTES) in refusal(tmp_path)


def test_a_folder_may_have_so_many_files(tmp_path: Path) -> None:
    for number in range(MAX_OPERATOR_PRESETS):
        (tmp_path / f"a{number}.json").write_text(json.dumps(FILE))
    assert len(read(tmp_path)) == MAX_OPERATOR_PRESETS
    (tmp_path / "b.json").write_text(json.dumps(FILE))
    assert str(MAX_OPERATOR_PRESETS + 1) in refusal(tmp_path)
