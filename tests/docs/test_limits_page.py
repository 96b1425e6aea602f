"""The tables of docs/limits.md are generated from the budgets."""

from __future__ import annotations

from ffmpeg_worker import budgets
from ffmpeg_worker.budgets import BUDGET_GROUPS, Budget
from ffmpeg_worker.codes import CODES
from ffmpeg_worker.settings import Settings, environment_variable_of
from support.docs.field_tables import golden_blocks
from support.docs.json_examples import ROOT

BUDGETS = [budget for group in BUDGET_GROUPS.values() for budget in group]


def table(group: tuple[Budget, ...]) -> str:
    return "\n".join(["| maximum | of | setting | code |", "|---|---|---|---|", *map(row, group)])


def row(budget: Budget) -> str:
    limit, setting = budget.limit, ""
    if budget.setting is not None:
        limit = Settings.model_fields[budget.setting].default
        setting = f"`{environment_variable_of(budget.setting)}`"
    return f"| {limit:,.0f} | {budget.what} | {setting} | `{budget.code}` |"


def test_golden_tables_of_the_page() -> None:
    tables = {name.lower(): table(group) for name, group in BUDGET_GROUPS.items()}
    page, expected = golden_blocks(ROOT / "docs/limits.md", tables)
    assert page == expected


def test_every_budget_has_a_code_and_one_limit() -> None:
    assert {budget.code for budget in BUDGETS} <= CODES.keys()
    assert all((budget.limit is None) == (budget.setting is not None) for budget in BUDGETS)


def test_every_limit_of_the_module_is_in_the_table() -> None:
    limits = sorted(value for name, value in vars(budgets).items() if name.startswith("MAX_"))
    assert limits == sorted(budget.limit for budget in BUDGETS if budget.limit is not None)
