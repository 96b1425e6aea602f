"""The environment of children."""

from __future__ import annotations

import pytest

from ffmpeg_worker.process.child_environment import make_child_environment


def test_nothing_of_the_worker_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    assert make_child_environment({}).keys() == {"PATH", "HOME", "TMPDIR", "LANG"}


def test_the_operator_may_add_and_replace_variables() -> None:
    environment = make_child_environment({"LANG": "de_DE.UTF-8", "LD_LIBRARY_PATH": "/opt/lib"})
    assert environment["LANG"] == "de_DE.UTF-8"
    assert environment["LD_LIBRARY_PATH"] == "/opt/lib"
