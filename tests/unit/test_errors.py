"""The tree of errors in the docstring agrees with the classes."""

from __future__ import annotations

import inspect
import re

import pytest

from ffmpeg_worker import errors
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, WorkerError

_LINE = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+) {2,}(?P<fault>by code|\w+)?", re.MULTILINE)


def documented() -> dict[str, tuple[str | None, str]]:
    """Name → (parent, fault) of every class in the docstring."""
    found: dict[str, tuple[str | None, str]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines()[2:-2]:
        match = _LINE.match(line + "  ")
        assert match, line
        depth = len(match["indent"]) // 4
        path[depth:] = [match["name"]]
        found[match["name"]] = (path[depth - 1] if depth else None, match["fault"] or "")
    return found


def classes() -> dict[str, type[WorkerError]]:
    """Every public error class of the module."""
    return {
        name: kind
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, WorkerError) and not name.startswith("_")
    }


def public_parent(kind: type[WorkerError]) -> str | None:
    return next((base.__name__ for base in kind.__mro__[1:] if base.__name__ in classes()), None)


def test_the_tree_agrees_with_the_classes() -> None:
    assert {name: parent for name, (parent, _) in documented().items()} == {
        name: public_parent(kind) for name, kind in classes().items()
    }


def test_faults_are_as_documented() -> None:
    for name, (_, fault) in documented().items():
        if fault not in {"", "by code", "code"}:
            assert classes()[name].fault is Fault(fault), name


def test_every_class_has_its_own_code_and_a_docstring() -> None:
    codes = [kind.code for kind in classes().values()]
    assert len(set(codes)) == len(codes)
    assert all(kind.__doc__ for kind in classes().values())


def test_the_problem_has_all_known_fields_but_the_detail() -> None:
    error = EngineFailed("No.", code="option_unknown", hint="Try.", detail="secret").at(command=1)
    assert error.as_problem("id-1") == {
        "error": "No.",
        "code": "option_unknown",
        "fault": "caller",
        "retryable": False,
        "where": {"command": 1},
        "hint": "Try.",
        "job_id": "id-1",
    }


def test_a_known_place_is_not_replaced() -> None:
    assert WorkerError("No.", where={"command": 0}).at(command=5, process=2).where == {"command": 0, "process": 2}


@pytest.mark.parametrize("kind", classes().values(), ids=lambda kind: kind.__name__)
def test_every_class_can_be_raised_with_a_sentence_alone(kind: type[WorkerError]) -> None:
    error = kind("No.")
    assert (str(error), error.code, error.fault) == ("No.", kind.code, kind.fault)
