"""Random commands and filter graphs produce files or an error, and neither reach nor leave anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fuzz.checked_worker import CheckedWorker, as_job, open_checked_worker
from fuzz.commands import CommandMaker
from fuzz.graphs import random_graph
from fuzz.rounds import rounds
from support.attacks.sandboxes import needs_sandbox
from support.media.everyday_sources import copy_everyday_sources

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["on", "off"], ids="policy {}".format)
async def checked_worker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CheckedWorker]:
    """A worker with the option policy on, or off: then only the sandbox protects it."""
    root = tmp_path_factory.mktemp("commands")
    root.chmod(0o755)
    copy_everyday_sources(tmp_path_factory, root / "data")
    async with open_checked_worker(root, option_policy=request.param) as opened:
        yield opened
    print(opened.outcomes.most_common())  # noqa: T201 - shown with -s


async def test_commands(checked_worker: CheckedWorker) -> None:
    maker = CommandMaker(checked_worker.hostile_values)
    for label, chance in rounds("commands", 0.5):
        chain = [maker.make(chance) for _ in range(chance.choice((1, 1, 1, 1, 2, 3)))]
        await checked_worker.run_and_check(as_job(chain, chance), label)
    assert checked_worker.outcomes["succeeded"] + checked_worker.outcomes["forbidden_option"] > 0


async def test_filter_graphs(checked_worker: CheckedWorker) -> None:
    for label, chance in rounds("graphs", 0.5):
        graph = random_graph(chance, checked_worker.hostile_values)
        command = chance.choice(
            (
                ["-i", "small.mp4", "-vf", graph, "-t", "0.4", "o.mkv"],
                ["-i", "clip.mp4", "-i", "logo.png", "-filter_complex", graph, "-t", "0.4", "o.mp4"],
                ["-f", "lavfi", "-i", graph, "-t", "0.4", "o.mkv"],
                ["-i", "tone.mp3", "-af", graph, "-t", "0.4", "o.wav"],
            )
        )
        await checked_worker.run_and_check(as_job([command], chance), label)
