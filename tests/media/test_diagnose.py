"""Diagnoses of failed runs of real ffmpeg builds.

One case of each code is run, and those that only one build has; of the others, a third by the embedded build.
`FULL_CORPUS=1` gives all cases to both.
"""

from __future__ import annotations

import http.server
import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.diagnosis.failures import FAILURES
from media.failing_filters import FILTERS
from media.failing_outputs import CODECS, OUTPUTS
from media.failing_runs import INPUTS, OPTIONS, WORKER, FailingRun
from support.extent import IS_FULL

RUNS = [*WORKER, *INPUTS, *OPTIONS, *FILTERS, *CODECS, *OUTPUTS]
KNOWN = {
    "encoders": ["libx264", "libx265", "aac", "libopus"],
    "filters": ["scale", "gblur", "hflip", "drawtext", "null"],
}
UNPRIVILEGED = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]


BUILDS = ("embedded", "system")


def _is_taken(build: str, number: int) -> bool:
    case = RUNS[number]
    if case.only is not None:
        return case.only[0] == build
    is_first = all(other.code != case.code for other in RUNS[:number])
    is_in_sample = build == "embedded" and number % 3 == 0
    return IS_FULL or is_first or is_in_sample or build in case.exits_0


@pytest.fixture(scope="module")
def build(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The name and path of an ffmpeg build."""
    name: str = request.param
    program = imageio_ffmpeg.get_ffmpeg_exe() if name == "embedded" else shutil.which("ffmpeg")
    if program is None:
        pytest.skip("no ffmpeg on this system")
    return name, program


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of the runs, with every input that they name."""
    place = tmp_path_factory.mktemp("runs")
    make_inputs(place)
    return place


def make_inputs(place: Path) -> None:
    def make(*arguments: str) -> None:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([program, "-v", "error", "-nostdin", *arguments], check=True, cwd=place, timeout=30)

    picture = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=0.2")
    make(*picture, "-f", "lavfi", "-i", "sine=d=0.2", "-c:v", "libx264", "-c:a", "aac", "av.mp4")
    make("-i", "av.mp4", "-an", "-c", "copy", "v.mp4")
    make(*picture, "-c:v", "libx264", "-g", "1", "good.h264")
    make("-i", "av.mp4", "-t", "2", "-f", "mpegts", "-c", "copy", "av.ts")
    make("-i", "av.mp4", "-c:v", "mpeg4", "-bf", "2", "b-frames.avi")
    make("-i", "av.mp4", "-an", "anim.apng")
    make("-i", "av.mp4", "-an", "-c:v", "rv20", "tape.rm")
    make("-i", "av.mp4", "-vn", "-c:a", "adpcm_ima_qt", "ima.mov")
    make("-i", "av.mp4", "-vn", "-ac", "1", "mono.tta")
    make("-stream_loop", "9", "-i", "av.mp4", "-c", "copy", "long.mp4")
    make("-i", "long.mp4", "-map", "0:a", "-c", "copy", "-f", "mpegts", "lost.ts")
    packets = (place / "lost.ts").read_bytes()
    kept = (packets[at : at + 188] for at in range(0, len(packets), 188) if at // 188 % 7)
    (place / "lost.ts").write_bytes(b"".join(kept))
    whole = (place / "av.mp4").read_bytes()
    (place / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (place / "secret.mp4").write_bytes(whole)
    (place / "secret.mp4").chmod(0)
    (place / "bad.mp4").write_bytes(damaged(whole, whole.find(b"mdat") + 900, 5))
    raw = (place / "good.h264").read_bytes()
    (place / "bad.h264").write_bytes(damaged(raw, len(raw) // 3, 7))
    (place / "noise.bin").write_bytes(random.Random(1).randbytes(5000))
    (place / "dir").mkdir()
    (place / "locked").mkdir(mode=0o555)
    for name, text in {
        "zero.mp4": "",
        "text.mp4": "hello world\n" * 50,
        "s.srt": "1\n00:00:00,000 --> 00:00:01,000\nhi\n",
        "absolute.txt": f"file '{place}/av.mp4'\n",
        "lost.txt": "file 'lost.mp4'\n",
        "typo.txt": "fle av.mp4\n",
        "remote.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        "locked.m3u8": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI="lost.key"\n'
        "#EXTINF:1,\nav.ts\n#EXT-X-ENDLIST\n",
    }.items():
        (place / name).write_text(text)
    (place / "latin.srt").write_bytes("1\n00:00:00,000 --> 00:00:01,000\ncafé\n".encode("latin1"))
    make("-i", "av.mp4", "-i", "s.srt", "-c", "copy", "-c:s", "mov_text", "sub.mp4")
    make("-f", "lavfi", "-i", "aevalsrc=0|0|0|0|0|0:c=5.1(side):d=0.2", "side.flac")
    make(
        "-i", "av.mp4", "-map", "0", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic", "song.mp3"
    )
    make_phone_films(place, make)


def make_phone_films(place: Path, make: Callable[..., None]) -> None:
    """Films as phones record them: with sound in a format of their own, and with data of sensors."""
    make("-i", "av.mp4", "-map", "0", "-map", "0:a", "-c", "copy", "phone.mov")
    film = bytearray((place / "phone.mov").read_bytes())
    entry = film.rfind(b"stsd", 0, film.rfind(b"wave")) + 16
    assert film[entry : entry + 4] == b"mp4a"
    film[entry : entry + 4] = b"apac"
    wave = film.find(b"wave", entry)  # it names the format once more
    film[wave : wave + 4] = b"free"
    (place / "phone.mov").write_bytes(film)
    make("-i", "av.mp4", "-c", "copy", "-timecode", "00:00:00:00", "sensors.mov")
    film = bytearray((place / "sensors.mov").read_bytes())
    handler = film.find(b"mhlrtmcd")
    film[handler : handler + 8] = b"mhlrmeta"
    (place / "sensors.mov").write_bytes(film.replace(b"tmcd", b"mebx"))


def damaged(whole: bytes, first: int, step: int) -> bytes:
    media = bytearray(whole)
    for position in range(first, min(len(media), first + 2500), step):
        media[position] ^= 0xFF
    return bytes(media)


@pytest.fixture(scope="module")
def refusing_server() -> Iterator[str]:
    """The address of a server that responds with the status in the path."""

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(int(self.path.strip("/").partition(".")[0]))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def outcome(program: str, case: FailingRun, arguments: list[str], place: Path) -> tuple[int, str]:
    """Run the case; return exit code and log."""
    command = [
        program,
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "level+info",
        *(["-y"] * case.overwrite),
        *arguments,
    ]
    if case.prelude:
        command = ["sh", "-c", f'{case.prelude}; exec "$@"', "sh", *command]
    if not case.privileged and os.geteuid() == 0:
        command = [*UNPRIVILEGED, *command]
    with subprocess.Popen(
        command, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        log = ""
        if case.signal:
            log = next(line for line in process.stderr if "Output #0" in line)
            process.send_signal(case.signal)
        log += process.communicate(timeout=30)[1]
    return process.returncode, log


@pytest.mark.parametrize(
    ("build", "case"),
    [
        pytest.param(build, case, id=f"{build}-{case}")
        for build in BUILDS
        for number, case in enumerate(RUNS)
        if _is_taken(build, number)
    ],
    indirect=["build"],
)
def test_a_failure_is_explained(
    case: FailingRun, build: tuple[str, str], place: Path, refusing_server: str
) -> None:
    name, program = build
    arguments = [argument.replace("{http}", refusing_server) for argument in case.arguments]
    exit_code, log = outcome(program, case, arguments, place)
    found = diagnose(log, exit_code=exit_code, arguments=arguments, known=KNOWN)

    assert found.code == case.code, log
    assert found.where.items() >= case.where.items()
    assert case.word in f"{found.message} {found.hint}"
    assert (exit_code == 0) == (name in case.exits_0)
    assert found.message.endswith(".")
    assert not any(sign in found.message for sign in ("\n", ". ", "@ 0x", "file:"))
    without_arguments = diagnose(log, exit_code=exit_code, known=KNOWN)
    assert without_arguments.code == case.code or case.code in {*NEEDS_ARGUMENTS, *OUTPUT_OPENINGS}


NEEDS_ARGUMENTS = ("encoder_unavailable", "option_value_out_of_range")
OUTPUT_OPENINGS = (
    "output_directory_missing",
    "output_is_directory",
    "output_forbidden",
    "output_unreachable",
    "output_name_too_long",
)
"""FFmpeg 5 writes the same line for inputs and outputs that cannot be opened."""


RECORDED = {"too_many_threads"}
"""Failures that only a limit of the system causes; their logs are in the unit tests."""


def test_every_failure_of_the_table_has_a_real_run() -> None:
    assert {failure.code for failure in FAILURES} | {"engine_failed"} == {case.code for case in RUNS} | RECORDED


def test_the_exit_code_of_a_shell_reports_a_killed_run() -> None:
    code = subprocess.run(["sh", "-c", "sh -c 'kill -9 $$'; exit $?"], check=False).returncode
    found = diagnose("", exit_code=code)
    assert found.code == "engine_killed"
    assert diagnose("", exit_code=1, signal=signal.SIGKILL).code == "engine_killed"
