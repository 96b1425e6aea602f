"""Real child processes: their start, environment, output and end."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.spawner import PIPE, Spawner
from support.processes import alive, children_of, open_descriptors, spawners
from support.wait_until import until_async

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
IGNORE_TERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
GRANDCHILDREN = f"""
import os
for _ in range(3):
    if os.fork() == 0:
        break
print(os.getpid(), flush=True)
{SLEEP}
"""


@pytest.fixture
async def spawner() -> AsyncIterator[Spawner]:
    """A spawner; after the test no descriptors and processes may be left."""
    gc.collect()
    before = open_descriptors()
    async with Spawner() as opened:
        yield opened
    assert spawners() == []
    assert open_descriptors() == before


def into(buffer: bytearray) -> Mapping[int, Output]:
    """Return readers that append standard output and standard error to one buffer."""
    return {1: Output(buffer.extend), 2: Output(buffer.extend)}


async def python(
    spawner: Spawner, code: str, outputs: Mapping[int, Output] | None = None, *, stdin: int | None = None
) -> Child:
    return await spawner.start(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=Path("/"),
        env={"A": "b"},
        outputs=outputs or {},
        stdin=stdin,
    )


async def started(spawner: Spawner, code: str) -> tuple[Child, bytearray]:
    """A child that has printed something."""
    output = bytearray()
    child = await python(spawner, code, into(output))
    await until_async(lambda: b"up" in output)
    return child, output


async def test_exit_code_and_resource_usage(spawner: Spawner) -> None:
    code = "import time, sys; x = bytearray(50_000_000)\nwhile time.process_time() < 0.2: pass\nsys.exit(7)"
    result = await (await python(spawner, code)).wait()
    assert (result.code, result.signal) == (7, None)
    assert 0.2 <= result.cpu_seconds < 1.0
    assert 50_000_000 < result.max_rss_bytes < 120_000_000


async def test_signal(spawner: Spawner) -> None:
    result = await (await python(spawner, "import os; os.abort()")).wait()
    assert (result.code, result.signal) == (None, signal.SIGABRT)


async def test_the_state_that_a_child_starts_with(spawner: Spawner, tmp_path: Path) -> None:
    code = """if True:
        import json, os, signal, sys
        ignored = [n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN]
        print(json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "leads": os.getpid() == os.getsid(0),
            "fds": sorted(map(int, os.listdir("/proc/self/fd")))[:-1], "stdin": os.read(0, 9).decode(),
            "nice": os.nice(0), "ignored": ignored, "blocked": len(signal.pthread_sigmask(0, ())),
            "oom": open("/proc/self/oom_score_adj").read().strip()}))"""
    output = bytearray()
    program = [sys.executable, "-I", "-S", "-c", code]
    child = await spawner.start(
        program, cwd=tmp_path, env={"A": "b c"}, outputs={3: Output(output.extend), **into(output)}
    )
    assert (await child.wait()).code == 0, output
    # Python itself ignores these two.
    ignored = [signal.SIGPIPE, signal.SIGXFSZ]
    got = json.loads(output)
    assert got.pop("env").items() >= {"A": "b c"}.items()
    assert got == {
        "cwd": str(tmp_path),
        "leads": True,
        "fds": [0, 1, 2, 3],
        "stdin": "",
        "nice": os.nice(0) + 5,
        "ignored": ignored,
        "blocked": 0,
        "oom": "500",
    }


async def test_standard_input_from_a_descriptor_and_from_the_worker(spawner: Spawner, tmp_path: Path) -> None:
    echo = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    (tmp_path / "in").write_bytes(b"from a file")
    output = bytearray()
    with (tmp_path / "in").open("rb") as source:
        await (await python(spawner, echo, into(output), stdin=source.fileno())).wait()
    assert output == b"from a file"
    piped = bytearray()
    child = await python(spawner, echo, into(piped), stdin=PIPE)
    assert child.stdin is not None
    data = random.Random(1).randbytes(3_000_000)
    for begin in range(0, len(data), 700_000):
        child.stdin.write(data[begin : begin + 700_000])
    child.stdin.end()
    await child.wait()
    assert piped == data


async def test_a_child_that_does_not_read_its_input(spawner: Spawner) -> None:
    child = await python(spawner, "", stdin=PIPE)
    assert child.stdin is not None
    child.stdin.write(bytes(1_000_000))
    assert (await child.wait()).code == 0
    assert child.stdin.closed


@pytest.mark.parametrize("argv", [["/nowhere/ffmpeg"], [__file__], ["/"], [sys.executable, "a\0b"]])
async def test_a_program_that_cannot_be_started(spawner: Spawner, argv: list[str]) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await spawner.start(argv, cwd=Path("/"), env={}, outputs={1: Output(lambda _: None)})
    assert caught.value.detail
    with pytest.raises(EngineUnavailable):
        await spawner.start([sys.executable], cwd=Path("/nowhere"), env={}, outputs={})


async def test_sigterm_stops_a_child(spawner: Spawner) -> None:
    child, _ = await started(spawner, SLEEP)
    result = await child.stop()
    assert result.signal == signal.SIGTERM
    assert child.stopped
    assert await child.stop() == await child.wait() == result


async def test_a_child_that_ignores_sigterm_is_killed(spawner: Spawner) -> None:
    child, _ = await started(spawner, IGNORE_TERM)
    assert (await child.stop(0.1)).signal == signal.SIGKILL


async def test_the_grace_can_be_shortened(spawner: Spawner) -> None:
    child, _ = await started(spawner, IGNORE_TERM)
    patient = asyncio.create_task(child.stop(600))
    await asyncio.sleep(0)
    assert (await child.stop(0)).signal == signal.SIGKILL
    await patient


async def test_a_cancelled_stop_still_ends_the_child_first(spawner: Spawner) -> None:
    child, _ = await started(spawner, IGNORE_TERM)
    stopping = asyncio.create_task(child.stop(0.1))
    await asyncio.sleep(0)
    for _ in range(3):
        stopping.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not alive(child.pid)


@pytest.mark.parametrize("leader", ["stays", "leaves"])
async def test_grandchildren_end_with_the_group(spawner: Spawner, leader: str) -> None:
    code = GRANDCHILDREN
    if leader == "leaves":
        leaving = f"if os.getpid() == os.getsid(0): time.sleep(0.1); os._exit(3)\n{SLEEP}"
        code = "import time" + GRANDCHILDREN.replace(SLEEP, leaving)
    output = bytearray()
    child = await python(spawner, code, into(output))
    await until_async(lambda: len([word for word in output.split() if word.isdigit()]) == 4)
    pids = [int(word) for word in output.split() if word.isdigit()]
    if leader == "stays":
        await child.stop()
    else:
        assert (await child.wait()).code == 3
    await until_async(lambda: not any(map(alive, pids)))


async def test_an_escaped_grandchild_with_the_pipe_does_not_delay_the_end(spawner: Spawner) -> None:
    escape = "os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
    code = f"import os, time\nif os.fork() == 0:\n {escape}\nelse: time.sleep(0.1)"
    output = bytearray()
    child = await python(spawner, code, into(output))
    assert (await child.wait()).code == 0
    os.kill(int(output), signal.SIGKILL)


async def test_output_is_complete_at_the_end(spawner: Spawner) -> None:
    output = bytearray()
    child = await python(spawner, "import sys; sys.stdout.write('x' * 5_000_000)", into(output))
    await child.wait()
    assert len(output) == 5_000_000


async def test_too_much_output_kills_a_child(spawner: Spawner) -> None:
    output = bytearray()
    code = "while True: print('x' * 10000)"
    child = await python(spawner, code, {1: Output(output.extend, max_bytes=1_000_000)})
    assert (await child.wait()).signal == signal.SIGKILL
    assert child.overflowed == 1
    assert len(output) <= 1_000_000


async def test_many_children(spawner: Spawner) -> None:
    async def one(number: int) -> tuple[int | None, bytes]:
        output = bytearray()
        child = await python(spawner, f"import sys; print({number} * 'y'); sys.exit({number})", into(output))
        return (await child.wait()).code, bytes(output).strip()

    assert await asyncio.gather(*map(one, range(50))) == [(n, b"y" * n) for n in range(50)]


async def test_many_long_command_lines(spawner: Spawner) -> None:
    async def one(number: int) -> int:
        output = bytearray()
        words = [f"{number}" * 30_000] * 10
        argv = [sys.executable, "-I", "-S", "-c", "import sys; print(len(''.join(sys.argv)))", *words]
        child = await spawner.start(argv, cwd=Path("/"), env={}, outputs=into(output))
        await child.wait()
        return int(output)

    assert await asyncio.gather(*map(one, range(10, 20))) == [600_002] * 10


async def test_cancelled_at_random_moments(spawner: Spawner) -> None:
    chance = random.Random(20)
    loop = asyncio.get_running_loop()

    async def use() -> None:
        async with await python(spawner, SLEEP, into(bytearray())) as child:
            await child.wait()

    tasks = [asyncio.create_task(use()) for _ in range(40)]
    for task in tasks:
        loop.call_later(chance.choice([0, 0, chance.uniform(0, 0.3)]), task.cancel)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    [program] = spawners()
    await until_async(lambda: children_of(program) == [])


async def test_a_dead_spawner_program_is_replaced_and_its_children_are_killed(spawner: Spawner) -> None:
    child, _ = await started(spawner, SLEEP)
    [program] = spawners()
    os.kill(program, signal.SIGKILL)
    assert await child.wait() == Exit(None, signal.SIGKILL, 0.0, 0)
    await until_async(lambda: not alive(child.pid))
    assert await child.stop() == await child.wait()
    assert (await (await python(spawner, "")).wait()).code == 0
    assert spawners() != [program]


async def test_a_spawner_program_killed_while_children_start(spawner: Spawner) -> None:
    for _ in range(5):
        asked = [asyncio.create_task(python(spawner, "")) for _ in range(5)]
        await asyncio.sleep(0)
        for program in spawners():  # there is none until the previous one has been reaped
            os.kill(program, signal.SIGKILL)
        ended = [await (await child).wait() for child in asked]
        assert {(end.code, end.signal) for end in ended} <= {(0, None), (None, signal.SIGKILL)}


async def test_a_child_that_a_dead_spawner_program_did_not_start_is_started_by_a_new_one(spawner: Spawner) -> None:
    [program] = spawners()
    os.kill(program, signal.SIGSTOP)
    asked = asyncio.create_task(python(spawner, ""))
    await asyncio.sleep(0)  # the request is sent at once
    os.kill(program, signal.SIGKILL)
    assert (await (await asked).wait()).code == 0
    [successor] = spawners()
    assert successor != program


async def test_closing_kills_all_children() -> None:
    async with Spawner() as opened:
        children = [(await started(opened, IGNORE_TERM))[0] for _ in range(3)]
    assert not any(alive(child.pid) for child in children)
    assert {(await child.wait()).signal for child in children} == {signal.SIGKILL}
    with pytest.raises(EngineUnavailable):
        await python(opened, "")


async def test_signals_of_the_terminal_do_not_reach_the_spawner_program(spawner: Spawner) -> None:
    assert (await (await python(spawner, "")).wait()).code == 0
    [program] = spawners()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(program, number)
    assert (await (await python(spawner, "")).wait()).code == 0
    assert spawners() == [program]


async def test_forks_of_a_preloaded_function() -> None:
    async def ask(spawner: Spawner, words: bytes) -> tuple[Exit, bytes]:
        output = bytearray()
        child = await spawner.start((), cwd=Path("/"), env={}, outputs=into(output), stdin=PIPE)
        assert child.stdin is not None
        child.stdin.write(words)
        child.stdin.end()
        return await child.wait(), bytes(output)

    async with Spawner(preload="support.programs.upper_case:serve") as spawner:
        results = await asyncio.gather(*(ask(spawner, b"one\ntwo\n") for _ in range(10)))
        [program] = spawners()
        failed, trace = await ask(spawner, b"fail\n")
    pids = set()
    for result, output in results:
        [first, second] = output.splitlines()
        word, pid, imported_in = first.split()
        assert (result.code, word, int(imported_in)) == (0, b"ONE", program)
        assert second.split()[:2] == [b"TWO", pid]
        pids.add(pid)
    assert len(pids) == 10
    assert failed.code == 1
    assert b"asked to fail" in trace


async def test_a_function_that_cannot_be_preloaded(capfd: pytest.CaptureFixture[str]) -> None:
    async with Spawner(preload="support.no_such_module:serve") as spawner:
        with pytest.raises(EngineUnavailable):
            await spawner.start((), cwd=Path("/"), env={}, outputs={})
    assert "no_such_module" in capfd.readouterr().err
    async with Spawner() as spawner:
        with pytest.raises(EngineUnavailable):
            await spawner.start((), cwd=Path("/"), env={}, outputs={})


def test_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def use() -> int | None:
        async with Spawner() as spawner:
            child, _ = await started(spawner, SLEEP)
            return (await child.stop()).signal

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(use()) == signal.SIGTERM
