"""The log of a whole job in bounded memory."""

from __future__ import annotations

from ffmpeg_worker.job.command_log import JobLog, LogChunk


def test_commands_are_in_order_with_blank_lines_between_them() -> None:
    log = JobLog()
    log.add(LogChunk(0, 1, "$ ffmpeg -i b.mp4 c.mp4\n"))
    log.add(LogChunk(0, 0, "$ ffmpeg -i a.mp4 b.mp4\n"))
    log.add(LogChunk(0, 1, "Output #0\nDone.\n"))
    assert log.text() == "$ ffmpeg -i a.mp4 b.mp4\n\n$ ffmpeg -i b.mp4 c.mp4\nOutput #0\nDone.\n"
    assert not log.truncated
    assert JobLog().text() == ""


def test_processes_have_headings() -> None:
    log = JobLog()
    for lane in (1, 0):
        log.add(LogChunk(lane, 0, f"line of {lane}\n"))
    assert log.text() == "# process 0\nline of 0\n\n# process 1\nline of 1\n"


def test_a_talkative_command_takes_nothing_from_the_others() -> None:
    log = JobLog(max_bytes=1000)
    quiet = "".join(f"quiet {number}\n" for number in range(20))
    log.add(LogChunk(0, 0, quiet))
    for number in range(1000):
        log.add(LogChunk(0, 1, f"loud {number}\n"))
        assert len(log.text()) < 1000 + len("[… 1000 lines left out …]\n\n")
    text = log.text()
    assert log.truncated
    assert text.startswith(quiet)
    lines = text.removeprefix(f"{quiet}\n").splitlines()
    (mark,) = [line for line in lines if not line.startswith("loud ")]
    assert lines[0] == "loud 0"
    assert lines[-1] == "loud 999"
    assert mark == f"[… {1000 - len(lines) + 1} lines left out …]"
