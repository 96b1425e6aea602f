"""User IDs of jobs: unique, not reused at once, and never those of running processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ffmpeg_worker.errors import QueueFull
from ffmpeg_worker.sandbox import users
from ffmpeg_worker.sandbox.users import open_job_users
from support.attacks.sandboxes import FIRST_UID, needs_sandbox, needs_users

pytestmark = needs_sandbox


def test_a_user_id_is_not_reused_at_once(tmp_path: Path) -> None:
    taken = []
    with open_job_users(FIRST_UID, tmp_path, tmp_path) as pool:
        for _ in range(20):
            with pool.borrow() as uid:
                taken.append(uid)
    assert all(uid not in taken[max(index - 7, 0) : index] for index, uid in enumerate(taken))
    assert len(set(taken)) < 12


def test_no_user_id_is_used_twice_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "COUNT", 3)
    with open_job_users(FIRST_UID + 100, tmp_path, tmp_path) as second:
        with (
            open_job_users(FIRST_UID + 100, tmp_path, tmp_path) as first,
            first.borrow() as one,
            second.borrow() as two,
            first.borrow() as three,
        ):
            assert len({one, two, three}) == 3
            with pytest.raises(QueueFull), second.borrow():
                pass
        with second.borrow() as again:
            assert again in {one, two, three}


def test_workers_without_a_common_folder_begin_at_different_ids(tmp_path: Path) -> None:
    taken = set()
    for number in range(8):
        folder = tmp_path / str(number)
        with open_job_users(FIRST_UID, folder, folder) as pool, pool.borrow() as uid:
            taken.add(uid)
    assert len(taken) > 4


@needs_users
def test_the_user_id_of_a_running_process_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "COUNT", 2)
    first = FIRST_UID + 200
    with (
        subprocess.Popen(["sleep", "60"], user=first, group=first) as process,
        open_job_users(first, tmp_path, tmp_path) as pool,
    ):
        with pool.borrow() as uid:
            assert uid == first + 1
            with pytest.raises(QueueFull), pool.borrow():
                pass
        assert process.poll() is None
        process.kill()
        process.wait()
        with pool.borrow() as one, pool.borrow() as two:
            assert {one, two} == {first, first + 1}


def test_a_folder_of_locks_that_cannot_be_written_is_no_silent_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "COUNT", 2)
    for uid in (FIRST_UID, FIRST_UID + 1):
        (tmp_path / f"user-{uid}").mkdir()
    with open_job_users(FIRST_UID, tmp_path, tmp_path) as pool:
        with pytest.raises(QueueFull) as caught, pool.borrow():
            pass
        assert "Is a directory" in (caught.value.detail or "")


def test_all_user_ids_of_a_process_are_read() -> None:
    assert users.user_ids("Name:\tx\nUid:\t1\t2\t2\t4\nGid:\t9\t9\t9\t9\n") == {1, 2, 4}


def test_the_users_of_running_processes_are_found() -> None:
    assert os.geteuid() in users.find_running_users()
