"""Errors survive being stored as JSON between the steps of a job."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ffmpeg_worker import errors
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, InvalidJob, SourceUnreachable, WorkerError
from ffmpeg_worker.job.problem import Problem, error_from_problem, record_error


def classes_below(kind: type[WorkerError]) -> Iterator[type[WorkerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from classes_below(child)


CLASSES = [kind for kind in classes_below(WorkerError) if kind.__module__ == errors.__name__]


def stored(error: WorkerError) -> WorkerError:
    return error_from_problem(json.loads(json.dumps(record_error(error))))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_of_every_class_is_made_again(kind: type[WorkerError]) -> None:
    error = kind(
        "It failed.",
        hint="Change it.",
        where={"command": 0, "argument": "-c:v"},
        stderr="line 1\nline 2",
    )
    again = stored(error)
    assert type(again) is kind
    assert again.as_problem() == error.as_problem()


@pytest.mark.parametrize(
    "error",
    [
        EngineFailed("No such encoder.", code="encoder_unknown"),
        EngineFailed("The input breaks off.", code="input_corrupt", fault=Fault.WORKER),
        InvalidJob("No file.", code="invalid_name"),
    ],
)
def test_a_reason_keeps_its_code_fault_and_retryable(error: WorkerError) -> None:
    again = stored(error)
    assert type(again) is type(error)
    assert again.as_problem() == error.as_problem()


def test_detail_is_not_stored() -> None:
    assert "secret" not in json.dumps(record_error(InvalidJob("Wrong.", detail="secret")))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SourceUnreachable("No answer."), SourceUnreachable),
        (errors.EngineError("Broken."), errors.EngineError),
        (EngineFailed("No such encoder.", code="encoder_unknown"), WorkerError),
    ],
)
def test_a_public_problem_has_the_class_of_its_code(error: WorkerError, kind: type[WorkerError]) -> None:
    again = error_from_problem(error.as_problem(job_id="1"))
    assert type(again) is kind
    assert again.as_problem() == error.as_problem()


def test_a_problem_of_another_version_may_have_an_unknown_code_and_class() -> None:
    problem = {**record_error(EngineFailed("New.")), "code": "of_another_version", "retryable": True}
    assert record_error(error_from_problem(problem)) == problem
    assert type(error_from_problem({**problem, "type": "OfAnotherVersion"})) is WorkerError


def test_the_type_is_not_public() -> None:
    problem = Problem.model_validate(record_error(InvalidJob("Wrong.")))
    assert problem.as_json() == InvalidJob("Wrong.").as_problem()
