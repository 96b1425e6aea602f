"""Classes of errors, and the problems that callers see."""

from __future__ import annotations

import inspect

import pytest

from ffmpeg_worker import errors
from ffmpeg_worker.errors import EngineFailed, WorkerError


def classes() -> dict[str, type[WorkerError]]:
    """Every public error class of the module."""
    return {
        name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, WorkerError)
    }


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
