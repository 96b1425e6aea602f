"""Users of jobs: never two jobs with one, and none that has only just been left."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import QueueFull
from ffmpeg_worker.sandbox import users
from support.attacks.sandboxes import FIRST_UID, needs_sandbox

pytestmark = needs_sandbox


def test_a_number_rests_before_the_next_job_has_it() -> None:
    pool = users.JobUsers(FIRST_UID)
    taken = []
    for _ in range(20):
        with pool.borrow() as uid:
            taken.append(uid)
    pool.close()
    assert all(uid not in taken[max(place - 7, 0) : place] for place, uid in enumerate(taken))
    assert len(set(taken)) < 12


def test_no_number_is_had_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "COUNT", 3)
    first, second = users.JobUsers(FIRST_UID + 100), users.JobUsers(FIRST_UID + 100)
    with first.borrow() as one, second.borrow() as two, first.borrow() as three:
        assert len({one, two, three}) == 3
        with pytest.raises(QueueFull), second.borrow():
            pass
    first.close()
    with second.borrow() as again:
        assert again in {one, two, three}
    second.close()
