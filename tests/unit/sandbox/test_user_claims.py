"""Claims of user IDs: exclusive on the whole machine, gone with the worker, and safe from other users."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.sandbox import user_claims
from ffmpeg_worker.sandbox.user_claims import UserClaims, open_user_claims
from support.processes import open_descriptors
from support.spurious_failures import network_namespace
from support.wait_until import until

UID = 250000
_CLAIM = """
import sys
from pathlib import Path
from ffmpeg_worker.sandbox.user_claims import open_user_claims
with open_user_claims(Path(sys.argv[1]), Path(sys.argv[1])) as claims:
    print(claims.claim(int(sys.argv[2])), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "locks"


@pytest.fixture
def claims(folder: Path) -> Iterator[UserClaims]:
    with open_user_claims(folder, folder) as opened:
        yield opened


@contextmanager
def another_worker(folder: Path, *prefix: str) -> Iterator[tuple[bool, subprocess.Popen[str]]]:
    """A process that tries to claim the user ID; yields whether it has it."""
    command = [*prefix, sys.executable, "-c", _CLAIM, str(folder), str(UID)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline() == "True\n", process
        process.communicate()


def test_a_user_id_has_one_owner(folder: Path, claims: UserClaims) -> None:
    assert claims.claim(UID)
    assert UID in claims
    with open_user_claims(folder, folder) as others:
        assert not others.claim(UID)
        assert others.claim(UID + 1)
        claims.release(UID)
        assert others.claim(UID)
    assert claims.claim(UID)


def test_a_claim_ends_with_its_worker_however_that_ends(folder: Path, claims: UserClaims) -> None:
    with another_worker(folder) as (has_it, process):
        assert has_it
        assert not claims.claim(UID)
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: claims.claim(UID))


@pytest.mark.skipif(not network_namespace(), reason="no network namespaces here")
def test_claims_hold_in_other_network_namespaces(folder: Path, claims: UserClaims) -> None:
    assert claims.claim(UID)
    with another_worker(folder, *network_namespace()) as (has_it, _):
        assert not has_it


def test_a_child_does_not_keep_a_claim(folder: Path, claims: UserClaims) -> None:
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        assert claims.claim(UID)
        claims.release(UID)
        with open_user_claims(folder, folder) as others:
            assert others.claim(UID)
        child.kill()


def test_only_the_worker_may_enter_the_folder(folder: Path, claims: UserClaims) -> None:
    claims.claim(UID)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


def _make_writable(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)


def _give_away(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, UID, UID)


def _make_link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "prepare", [_make_writable, _give_away, _make_link, Path.touch], ids=["writable", "of another", "link", "file"]
)
def test_a_folder_that_others_control_is_refused(folder: Path, prepare: Callable[[Path], None]) -> None:
    if prepare is _give_away and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    prepare(folder)
    with pytest.raises(Misconfigured) as caught, open_user_claims(folder, folder):
        pass
    assert str(folder) in caught.value.message
    assert "FFMPEG_WORKER_LOCK_ROOT" in (caught.value.hint or "")


def test_a_link_in_the_folder_is_not_followed(folder: Path, claims: UserClaims) -> None:
    (folder / f"user-{UID}").symlink_to("target")
    with pytest.raises(OSError, match="symbolic links"):
        claims.claim(UID)
    assert not (folder / "target").exists()


def test_without_the_usual_folder_the_scratch_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_claims, "_WELL_KNOWN", tmp_path / "missing/ffmpeg-worker")
    scratch = tmp_path / "scratch"
    with open_user_claims(None, scratch) as one, open_user_claims(None, scratch) as two:
        assert one.claim(UID)
        assert not two.claim(UID)
    assert scratch.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in scratch.iterdir()] == ["users"]


def test_no_descriptor_stays_open(folder: Path) -> None:
    before = open_descriptors()
    with open_user_claims(folder, folder) as claims:
        for number in range(5):
            claims.claim(UID + number)
    assert open_descriptors() == before
