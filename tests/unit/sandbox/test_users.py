"""User IDs of jobs: unique, and not reused at once."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import QueueFull
from ffmpeg_worker.sandbox import users
from support.attacks.sandboxes import FIRST_UID, needs_sandbox

pytestmark = needs_sandbox


def test_a_user_id_is_not_reused_at_once() -> None:
    pool = users.JobUsers(FIRST_UID)
    taken = []
    for _ in range(20):
        with pool.borrow() as uid:
            taken.append(uid)
    pool.close()
    assert all(uid not in taken[max(index - 7, 0) : index] for index, uid in enumerate(taken))
    assert len(set(taken)) < 12


def test_no_user_id_is_used_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_all_user_ids_of_a_process_are_read() -> None:
    assert users.user_ids("Name:\tx\nUid:\t1\t2\t2\t4\nGid:\t9\t9\t9\t9\n") == {1, 2, 4}
