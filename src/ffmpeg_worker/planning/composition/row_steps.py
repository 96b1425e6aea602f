"""Steps of the rows of a batch, and which of them run side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ffmpeg_worker.planning.plan import SideBySide
from ffmpeg_worker.planning.steps import Step


@dataclass(frozen=True, slots=True)
class RowStep:
    """A step of one row, with those of its files that rows share: what it makes, and what it needs."""

    step: Step
    makes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


def order_steps(rows: Sequence[Iterable[RowStep]], at_once: int) -> tuple[tuple[Step, ...], SideBySide | None]:
    """Return the steps of all rows, and how they run; `None` for a single row, whose steps run in order.

    A step that makes a file exactly as an earlier one does is left out: rows mostly prepare the same parts of the
    same files. At most `at_once` rows run at a time.
    """
    steps: list[Step] = []
    makers: dict[str, int] = {}
    groups: list[tuple[int, ...]] = []
    after: dict[int, frozenset[int]] = {}
    for row in rows:
        own: list[int] = []
        for one in row:
            known = {makers[name] for name in one.makes if name in makers}
            if known and all(steps[number] == one.step for number in known):
                continue
            number = len(steps)
            steps.append(one.step)
            after[number] = frozenset(makers[name] for name in one.needs if name in makers) - {*own}
            makers |= dict.fromkeys(one.makes, number)
            own.append(number)
        groups.append(tuple(own))
    if len(groups) == 1:
        return tuple(steps), None
    return tuple(steps), SideBySide(tuple(groups), after, at_once)
