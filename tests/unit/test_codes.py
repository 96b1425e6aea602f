"""The table of error codes, the classes and the places that raise errors agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import ffmpeg_worker
from ffmpeg_worker import errors
from ffmpeg_worker.codes import CODE_GROUPS, CODES, Fault
from ffmpeg_worker.errors import EngineFailed, SourceForbidden, WorkerError
from ffmpeg_worker.ffmpeg.diagnosis.failures import FAILURES

SOURCE = Path(ffmpeg_worker.__file__).parent
# Expressions of codes that are passed on, and where their values come from.
COMPUTED = {
    "code",  # a parameter, or a row of a table; its literals are checked where they are passed
    "found.code",  # the table of failures
    "error['type']",  # the codes that validators of the job's models raise
    "context.code",  # `FailureContext(code=…)`
    "error.code",  # another WorkerError
    "_read_text(problem, 'code')",  # a problem of the API
}
NOT_ERRORS = {"LintWarning", "log"}


@dataclass(frozen=True)
class RaiseSite:
    """A call with `code=`: the code or its expression, who is called, and with which fault."""

    place: str
    callee: str
    code: str
    is_literal: bool
    fault: str | None

    @property
    def kind(self) -> type[WorkerError] | None:
        kind = getattr(errors, self.callee, None)
        return kind if isinstance(kind, type) else None


@cache
def sources() -> dict[str, str]:
    """The text of every module but the table itself, by its path."""
    return {
        str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8")
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "codes.py"
    }


@cache
def constants() -> dict[str, str]:
    """Module-level names of strings."""
    return {
        name: value
        for text in sources().values()
        for name, value in re.findall(r'^(_?[A-Z][A-Z_]*) = "(\w+)"$', text, re.MULTILINE)
    }


def find_sites() -> Iterator[RaiseSite]:
    for name, text in sources().items():
        for call in ast.walk(ast.parse(text)) if "code=" in text else ():
            if not isinstance(call, ast.Call):
                continue
            function = call.args[0] if ast.unparse(call.func) == "partial" else call.func
            callee = ast.unparse(function).rpartition(".")[2]
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if "code" not in given or callee in NOT_ERRORS:
                continue
            fault = ast.unparse(given["fault"]) if "fault" in given else None
            for value in branches(given["code"]):
                literal = literal_of(value)
                code = ast.unparse(value) if literal is None else literal
                yield RaiseSite(f"{name}:{call.lineno}", callee, code, literal is not None, fault)


def branches(value: ast.expr) -> list[ast.expr]:
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def literal_of(value: ast.expr) -> str | None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return constants().get(value.id) if isinstance(value, ast.Name) else None


SITES = list(find_sites())
RAISED = [site for site in SITES if site.is_literal]


def test_codes_are_unique_and_well_formed() -> None:
    assert len(CODES) == sum(map(len, CODE_GROUPS.values()))
    for code in CODES.values():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code.name)
        assert re.fullmatch(r"[A-Z`][^|\n]*\.", code.meaning), code.name
        assert code.faults


@pytest.mark.parametrize("group", CODE_GROUPS)
def test_a_group_is_sorted_by_name(group: str) -> None:
    names = [code.name for code in CODE_GROUPS[group]]
    assert names == sorted(names)


def test_every_code_that_is_raised_is_declared() -> None:
    assert {f"{site.place} {site.code}" for site in RAISED if site.code not in CODES} == set()


def test_every_computed_code_was_looked_at() -> None:
    assert {site.code for site in SITES if not site.is_literal} <= COMPUTED


def test_every_failure_of_the_diagnosis_is_declared() -> None:
    assert {failure.code for failure in FAILURES} <= CODES.keys()


def test_every_declared_code_is_used() -> None:
    text = "".join(text for name, text in sources().items() if name != "api/openapi.py")
    kinds = ("format", "bitstream_filter", "filter", "filter_option", "option")  # of the option policy
    used = {code for code in CODES if f'"{code}"' in text} | {f"{kind}_unknown" for kind in kinds}
    assert CODES.keys() - used == set()


def test_every_raise_site_names_a_declared_fault() -> None:
    wrong = []
    for site in RAISED:
        declared = CODES[site.code]
        if site.fault is not None and re.fullmatch(r"Fault\.\w+", site.fault):
            fits = Fault[site.fault.removeprefix("Fault.")] in declared.faults
        elif site.kind is None or site.kind.fault_follows_code:
            fits = True
        else:
            fits = site.kind.fault in declared.faults and site.kind.retryable == declared.retryable
        if not fits:
            wrong.append(f"{site.place} {site.code}")
    assert wrong == []


def test_a_class_takes_fault_and_retryability_from_its_code() -> None:
    error = errors.SourceUnreachable("No.")
    assert (error.code, error.fault, error.retryable) == ("source_unreachable", Fault.SOURCE, True)


def test_another_code_keeps_the_fault_of_its_class() -> None:
    assert SourceForbidden("No.", code="path_outside_root").fault is Fault.CALLER
    assert errors.TargetForbidden("No.", code="path_outside_root").fault is Fault.TARGET


def test_a_diagnosed_failure_takes_them_from_its_reason() -> None:
    error = EngineFailed("No.", code="output_unreachable")
    assert (error.fault, error.retryable) == (Fault.TARGET, True)
    assert EngineFailed("No.", code="output_flood", fault=Fault.SOURCE).fault is Fault.SOURCE
