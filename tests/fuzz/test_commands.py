"""Random commands and filter graphs end with files or an error, reach nothing, and leave nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fuzz.arena import Arena, as_job, open_arena
from fuzz.commands import CommandMaker
from fuzz.graphs import random_graph
from fuzz.rounds import rounds
from support.attacks.sandboxes import needs_sandbox
from support.media.everyday_sources import copy_everyday_sources

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["on", "off"], ids="policy {}".format)
async def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """With the option policy on, and with it off, where only the sandbox protects."""
    root = tmp_path_factory.mktemp("commands")
    root.chmod(0o755)
    copy_everyday_sources(tmp_path_factory, root / "data")
    async with open_arena(root, option_policy=request.param) as opened:
        yield opened
    print(opened.outcomes.most_common())  # noqa: T201 - shown with -s


async def test_commands(arena: Arena) -> None:
    maker = CommandMaker(arena.hostile)
    for label, chance in rounds("commands", 0.5):
        chain = [maker.make(chance) for _ in range(chance.choice((1, 1, 1, 1, 2, 3)))]
        await arena.survive(as_job(chain, chance), label)
    assert arena.outcomes["succeeded"] + arena.outcomes["forbidden_option"] > 0


async def test_filter_graphs(arena: Arena) -> None:
    for label, chance in rounds("graphs", 0.5):
        graph = random_graph(chance, arena.hostile)
        command = chance.choice(
            (
                ["-i", "small.mp4", "-vf", graph, "-t", "0.4", "o.mkv"],
                ["-i", "clip.mp4", "-i", "logo.png", "-filter_complex", graph, "-t", "0.4", "o.mp4"],
                ["-f", "lavfi", "-i", graph, "-t", "0.4", "o.mkv"],
                ["-i", "tone.mp3", "-af", graph, "-t", "0.4", "o.wav"],
            )
        )
        await arena.survive(as_job([command], chance), label)
