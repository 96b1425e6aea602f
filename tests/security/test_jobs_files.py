"""Files that a job may read and leave behind: its own inputs, and regular files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ffmpeg_worker.errors import SourceError
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.process.spawner import Spawner
from support.attacks.sandboxes import needs_sandbox, needs_users, open_jail
from support.media.sources import make, make_clip
from support.worker import open_worker

pytestmark = needs_sandbox


def _playlist(segment: Path) -> str:
    lines = ("#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", str(segment), "#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _dash(media: Path) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="1" bandwidth="1">'
        f"<BaseURL>{media}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


@pytest.mark.parametrize("kind", ["HLS", "DASH"])
@pytest.mark.parametrize("level", ["require", "off"])
async def test_media_that_refers_to_another_user_s_file(tmp_path: Path, kind: str, level: str) -> None:
    """Without the sandbox the other user's frames are in the output: the attack itself works."""
    async with open_worker(tmp_path, sandbox=level) as worker:
        strangers = tmp_path / "strangers"
        if kind == "HLS":
            make_clip(strangers / "secret.ts")
            (worker.data / "job").mkdir()
            (worker.data / "job/x.m3u8").write_text(_playlist(strangers / "secret.ts"))
            commands = "-i job/x.m3u8 -c copy o.ts"
        else:
            make_clip(strangers / "secret.mp4")
            (worker.data / "x.mp4").write_text(_dash(strangers / "secret.mp4"))
            commands = "-f dash -i x.mp4 -c copy o.mp4"
        job = {"action": "process", "data": {"chainCmds": commands}}
        if level == "off":
            assert (await worker.run(job))["outputs"][0]["size"] > 1000
            return
        await worker.fail(job)
        assert not list(worker.data.glob("o.*"))


async def test_the_embedded_probe_is_confined_too(tmp_path: Path) -> None:
    secret = make_clip(tmp_path / "strangers/secret.ts")
    async with Spawner() as spawner:
        prober = Prober(None, spawner)
        await prober.open()
        with open_jail(tmp_path / "job") as (_, jail, _):
            hostile = jail.root / "_in/x.m3u8"
            hostile.write_text(_playlist(secret))
            hostile.chmod(0o644)
            make_clip(jail.root / "_in/own.mp4").chmod(0o644)
            async with prober.session() as free, prober.session(jail) as held:
                assert (await free.describe(hostile))["streams"]
                try:
                    found = (await held.describe(hostile))["streams"]
                except SourceError:
                    found = []
                assert found == []
                assert (await held.describe(jail.root / "_in/own.mp4"))["streams"]
        await prober.close()


@needs_users
@pytest.mark.parametrize("why", ["open", "its folder is closed", "it is closed"])
@pytest.mark.parametrize("form", ["file", "sequence", "playlist"])
async def test_inputs_that_the_job_s_user_cannot_read_directly(tmp_path: Path, why: str, form: str) -> None:
    async with open_worker(tmp_path) as worker:
        tmp_path.chmod(0o755)
        folder = worker.data / "in"
        folder.mkdir()
        match form:
            case "file":
                make_clip(folder / "a.mp4")
                command = "-i in/a.mp4 -c copy o.mp4"
            case "sequence":
                make(folder / "%02d.png", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=0.5")
                command = "-framerate 10 -i in/%02d.png o.mp4"
            case _:
                make_clip(folder / "a.m3u8", extra=("-f", "hls"))
                command = "-i in/a.m3u8 -c copy o.mp4"
        before = {path: (path.stat().st_mode, path.stat().st_uid) for path in folder.iterdir()}
        if why == "it is closed":
            for path in folder.iterdir():
                path.chmod(0o600)
        folder.chmod(0o755 if why == "open" else 0o700)
        result = await worker.process(command)
        assert result["outputs"][0]["media"]["duration"] > 0.4
        if why != "it is closed":
            assert {path: (path.stat().st_mode, path.stat().st_uid) for path in folder.iterdir()} == before
        made = (worker.data / "o.mp4").stat()
        assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (os.geteuid(), os.getegid(), 0o644)


@needs_users
async def test_two_concurrent_jobs_have_different_users(tmp_path: Path) -> None:
    with open_jail(tmp_path / "one") as (sandbox, one, _), sandbox.jail(tmp_path / "two") as two:
        assert one.uid is not None
        assert two.uid is not None
        assert one.uid != two.uid
        first = one.uid
        with open_jail(tmp_path / "three") as (_, three, _):  # another worker on this machine
            assert three.uid not in {first, two.uid, None}


def test_only_regular_files_of_the_job_are_accepted(tmp_path: Path) -> None:
    with open_jail(tmp_path / "job") as (_, jail, lane):
        secret = tmp_path / "secret"
        secret.write_text("secret")
        (lane / "link").symlink_to(secret)
        (lane / "hard").hardlink_to(secret)
        os.mkfifo(lane / "pipe")
        (lane / "folder").symlink_to(tmp_path)
        good = lane / "sub/good"
        good.parent.mkdir()
        good.write_text("x")
        good.chmod(0o4777)
        for path in (good, good.parent, lane / "pipe"):
            os.chown(path, jail.owner, -1)
        for name in ("link", "hard", "pipe", "folder/secret", "../_in/input", "/etc/passwd", "sub"):
            with pytest.raises(OSError):  # noqa: PT011 - which error depends on the kind
                jail.take_ownership(lane, name)
        jail.take_ownership(lane, "./sub/good")
        assert good.stat().st_uid == os.geteuid()
        assert good.stat().st_mode & 0o7777 == 0o644
        assert secret.stat().st_uid == os.geteuid()
