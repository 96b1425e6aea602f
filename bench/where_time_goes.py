"""Processor time and page faults of one tiny job, by process: of this code, and of another source tree in turns.

`BENCH_AGAINST` names the `src` folder of the other tree. On a machine that others use too, processor time tells
more than wall time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.api_server import TINY, ApiServer, run_bare, running_server
from bench.table import table

_OWN = Path(__file__).parents[1] / "src"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_WARM_UP = 12
_SERVER, _SPAWNER, _FORKS, _PROBES = "server", "spawner program", "probe program", "probes"


@dataclass
class _Tree:
    """A server that runs one source tree, and what its jobs have used so far."""

    name: str
    server: ApiServer
    ms: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    faults: Counter[str] = field(default_factory=Counter)


def measure(*, quick: bool) -> str:
    """Measure milliseconds and page faults per job, without those of ffmpeg."""
    rounds, count = (1, 10) if quick else (8, 20)
    named = {"this code": _OWN}
    if against := os.environ.get("BENCH_AGAINST"):
        named = {"the other": Path(against), **named}
    with ExitStack() as stack:
        trees = [
            _Tree(name, stack.enter_context(running_server(PYTHONPATH=str(path)))) for name, path in named.items()
        ]
        bare_ms = asyncio.run(_take_turns(trees, rounds, count)) / rounds
    rows = [
        [
            f"{part}, {tree.name}",
            f"{tree.ms[part] / rounds / count:.1f}",
            f"{tree.faults[part] / rounds / count:.0f}",
        ]
        for part in (_SERVER, _SPAWNER, _FORKS, _PROBES)
        for tree in trees
    ]
    for tree in trees:
        total = sum(tree.ms.values()) / rounds / count
        rows.append([f"all, {tree.name}", f"{total:.1f}", f"{tree.faults.total() / rounds / count:.0f}"])
        rows.append([f"all / bare ffmpeg, {tree.name}", f"{total / bare_ms:.2f}", ""])
    head = ["processor time of a tiny job", "ms", "page faults"]
    notes = [f"{rounds * count} jobs. The bare ffmpeg takes {bare_ms:.1f} ms."]
    return table("Where the time goes", head, rows, notes)


async def _take_turns(trees: list[_Tree], rounds: int, count: int) -> float:
    bare_ms = 0.0
    async with aiohttp.ClientSession() as session:
        for tree in trees:
            await _run(session, tree.server, _WARM_UP)
        for number in range(rounds):
            for tree in trees if number % 2 else reversed(trees):
                before = _read_usage(tree.server.pid)
                await _run(session, tree.server, count)
                await asyncio.sleep(0.1)  # the probe of the last job ends
                _add_usage(tree, before)
            began = os.times()
            run_bare(TINY, "bare.mp4", trees[0].server.data)
            ended = os.times()
            bare_ms += 1000 * (ended.children_user - began.children_user)
            bare_ms += 1000 * (ended.children_system - began.children_system)
    return bare_ms


async def _run(session: aiohttp.ClientSession, server: ApiServer, count: int) -> None:
    for number in range(count):
        body = {"chainCmds": [*TINY, f"http-{number}.mp4"]}
        async with session.post(f"{server.url}/api/ffmpeg/process", json=body) as response:
            assert response.status == 200, await response.text()
            await response.read()


def _add_usage(tree: _Tree, before: dict[str, tuple[float, int]]) -> None:
    for part, (ms, faults) in _read_usage(tree.server.pid).items():
        earlier = before.get(part, (0.0, 0))
        tree.ms[part] += ms - earlier[0]
        tree.faults[part] += faults - earlier[1]


def _read_usage(server: int) -> dict[str, tuple[float, int]]:
    """Milliseconds and page faults so far, by part; those of ffmpeg, the children of the spawner, are left out."""
    own, _ = _read_process(server)
    usage = {_SERVER: own, _SPAWNER: (0.0, 0), _FORKS: (0.0, 0), _PROBES: (0.0, 0)}
    for task in Path(f"/proc/{server}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            own, children = _read_process(child)
            command = Path(f"/proc/{child}/cmdline").read_text()
            if "probe_program" in command:
                usage[_FORKS] = _add(usage[_FORKS], own)
                usage[_PROBES] = _add(usage[_PROBES], children)
            elif "canary" in command:  # the sandbox is tested with it, too
                usage[_SPAWNER] = own
    return usage


def _add(one: tuple[float, int], other: tuple[float, int]) -> tuple[float, int]:
    return one[0] + other[0], one[1] + other[1]


def _read_process(pid: int) -> tuple[tuple[float, int], tuple[float, int]]:
    """Milliseconds and page faults of a process, and of its children that have ended (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    faults, of_children, *times = (int(fields[index]) for index in (7, 8, 11, 12, 13, 14))
    ms = [1000 * ticks / _TICKS_PER_S for ticks in times]
    return (ms[0] + ms[1], faults), (ms[2] + ms[3], of_children)
