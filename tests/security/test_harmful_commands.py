"""The sandbox alone stops commands that access files and servers outside their folder."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import EngineTimedOut
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from support.attacks.sandboxes import needs_sandbox, open_jail

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

_CANARY = b"CANARY-4711"
_PICTURE = "-f lavfi -i color=s=64x64:d=0.2"
_CODEC = "-c:v mpeg4"

READ = {
    "raw video": "-f rawvideo -s 4x4 -pix_fmt gray -i {out}/secret -c copy -f rawvideo o",
    "data": "-f data -i {out}/secret -map 0 -c copy -f data o",
    "data, upwards": "-f data -i {up}/secret -map 0 -c copy -f data o",
    "concat protocol": "-f data -i concat:{out}/secret|{out}/secret -map 0 -c copy -f data o",
    "subfile protocol": "-f data -i subfile,,start,0,end,0,,:{out}/secret -map 0 -c copy -f data o",
    "cache protocol": "-f data -i cache:{out}/secret -map 0 -c copy -f data o",
    "attachment": f"{_PICTURE} {_CODEC} -attach {{out}}/secret -metadata:s:t mimetype=text/plain o.mkv",
    "option from a file": f"{_PICTURE} {_CODEC} -/metadata {{out}}/secret o.mkv",
    "filter option": f"{_PICTURE} -vf metadata=mode=add:key=k:/value={{out}}/secret,metadata=print -f null -",
}
WRITE = {
    "output": f"{_PICTURE} {_CODEC} {{out}}/made.mkv",
    "output, upwards": f"{_PICTURE} {_CODEC} {{up}}/made.mkv",
    "md5 protocol": f"{_PICTURE} {_CODEC} -f avi md5:{{out}}/made",
    "statistics": f"{_PICTURE} {_CODEC} -vstats_file {{out}}/made -f null -",
    "tee": f"{_PICTURE} {_CODEC} -map 0 -f tee [f=avi]{{out}}/made.avi",
    "segments": f"{_PICTURE} {_CODEC} -f segment {{out}}/made%d.avi",
    "filter": f"{_PICTURE} -vf metadata=mode=print:file={{out}}/made -f null -",
    "pass log": f"{_PICTURE} -c:v libx264 -pass 1 -passlogfile {{out}}/made -f null -",
    "x264": f"{_PICTURE} -c:v libx264 -x264-params dump-yuv={{out}}/made -f null -",
}
CALL = {
    "http input": "-i http://127.0.0.1:{port}/a.mp4 -f null -",
    "http output": f"{_PICTURE} {_CODEC} -f mpegts http://127.0.0.1:{{port}}/a",
    "tcp output": f"{_PICTURE} {_CODEC} -f mpegts tcp://127.0.0.1:{{port}}",
    "unix output": f"{_PICTURE} {_CODEC} -f mpegts unix:{{out}}/socket",
    "hls over http": f"{_PICTURE} {_CODEC} -f hls http://127.0.0.1:{{port}}/a.m3u8",
}


@dataclass
class Surroundings:
    """A world-writable folder with a secret, and servers that record connections."""

    out: Path
    servers: list[socket.socket]

    def take_harm(self, lane: Path, log: str) -> bool:
        """Whether a secret was read, a file was created or a server was called; reset it."""
        found = any(_CANARY in path.read_bytes() for path in lane.iterdir() if path.is_file())
        found = found or _CANARY.decode() in log
        for path in self.out.glob("made*"):
            found = True
            path.unlink()
        for server in self.servers:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                continue
            found = True
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spawner() -> AsyncIterator[Spawner]:
    async with Spawner() as opened:
        yield opened


@pytest_asyncio.fixture
async def surroundings() -> AsyncIterator[Surroundings]:
    with (
        tempfile.TemporaryDirectory(prefix="ffmpeg-worker-surroundings-") as name,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        out = Path(name)
        out.chmod(0o777)
        (out / "secret").write_bytes(b"title=" + _CANARY + b"\n")
        unix.bind(f"{out}/socket")
        unix.listen()
        (out / "socket").chmod(0o777)
        for server in (tcp, unix):
            server.setblocking(False)
        yield Surroundings(out, [tcp, unix])


@pytest.mark.parametrize("own_user", [True, False], ids=["own user", "worker's user"])
@pytest.mark.parametrize(
    "command",
    [*READ.values(), *WRITE.values(), *CALL.values()],
    ids=[
        f"{kind}: {name}" for kind, table in (("read", READ), ("write", WRITE), ("call", CALL)) for name in table
    ],
)
@pytest.mark.sampled(2)
async def test_a_command_reaches_nothing_outside_its_folder(
    tmp_path: Path, spawner: Spawner, surroundings: Surroundings, command: str, own_user: bool
) -> None:
    with open_jail(tmp_path / "job", own_user=own_user) as (_, jail, lane):
        up = "../" * len(lane.parts) + str(surroundings.out)[1:]
        words = command.format(out=surroundings.out, up=up, port=surroundings.servers[0].getsockname()[1]).split()

        async def run(confinement: Confinement | None) -> str:
            argv = [str(find_ffmpeg(None)), "-nostdin", "-y", *words]
            try:
                ended = await run_captured(
                    spawner, argv, cwd=lane, env=make_child_environment({}), timeout_s=2, confinement=confinement
                )
            except EngineTimedOut:  # the command waits for the server's response
                return ""
            return ended.log.text

        log = await run(jail.for_command(lane, 10))
        assert not surroundings.take_harm(lane, log), log
        for path in lane.iterdir():
            path.unlink()
        # Without the sandbox the command does succeed.
        assert surroundings.take_harm(lane, await run(None))
