"""The planners of all actions."""

from __future__ import annotations

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.planning.planners.table import PLANNERS


def test_every_action_has_a_planner() -> None:
    assert PLANNERS.keys() == ACTIONS.keys()
