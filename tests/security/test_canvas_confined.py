"""Renderers work in every kind of sandbox, and a compromised renderer reaches nothing outside its job."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.sandbox import sandbox
from ffmpeg_worker.sandbox.level import SandboxSupport
from support.attacks.attack_files import open_public_folder
from support.attacks.confined_program import CANNOT_BE_DENIED, MACHINES, Report, attack, open_surroundings
from support.attacks.hostile_program import attempts
from support.attacks.sandboxes import MACHINE, WITHOUT_LANDLOCK, needs_sandbox, open_jail
from support.jobs.canvas_files import canvas, everything, make_files, preview
from support.worker import open_worker

pytestmark = [needs_sandbox, pytest.mark.asyncio(loop_scope="module")]

WEAK = replace(WITHOUT_LANDLOCK, no_users="tested", no_root="tested")
KINDS: dict[str, tuple[SandboxSupport, str, str]] = {
    "a user of its own": (MACHINE, "require", "full"),
    "the worker's user": (replace(MACHINE, no_users="tested"), "require", "full"),
    "a root of its own": (WITHOUT_LANDLOCK, "require", "chroot"),
    "next to nothing": (WEAK, "degraded", "degraded"),
    "nothing": (MACHINE, "off", "off"),
}
NAMES = tuple(attempts({"victim": 0, "secrets": "/", "other_job": "/", "input": "/"}))
ALLOWED = {"read its input", "make a file in memory"}
# The job's user may create files here; only Landlock keeps the renderer from it.
WRITE_OWN_FOLDER = "write its own folder"


@pytest.fixture(scope="module")
def files() -> Iterator[Path]:
    with open_public_folder() as folder:
        make_files(folder)
        yield folder


@pytest.fixture(scope="module")
def unconfined() -> list[tuple[str, dict[str, Any]]]:
    """The preview and the result without a sandbox; the first test fills it in."""
    return []


async def _render(files: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> tuple[str, dict[str, Any]]:
    machine, wanted, level = KINDS[kind]
    monkeypatch.setattr(sandbox, "detect_sandbox_support", lambda _: machine)
    with open_public_folder() as root:
        (root / "data").mkdir()
        for path in files.iterdir():
            os.link(path, root / "data" / path.name)
        async with open_worker(root, sandbox=wanted) as worker:
            assert worker.services.tools.sandbox.level == level
            video = await worker.run(canvas(everything()))
            return (await worker.run(preview(everything(), 0.2)))["image"], video


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "nothing"])
async def test_every_sandbox_renders_the_same(
    files: Path, unconfined: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if KINDS[kind][0].missing and kind != "next to nothing":
        pytest.skip(f"not available on this machine: {KINDS[kind][0].missing}")
    if not unconfined:
        unconfined.append(await _render(files, monkeypatch, "nothing"))
    [(expected_image, expected_video)] = unconfined
    image, video = await _render(files, monkeypatch, kind)
    assert image == expected_image
    assert video["outputs"][0]["media"] == expected_video["outputs"][0]["media"]
    assert not video["warnings"] or kind == "next to nothing"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=MACHINES)
async def confined(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Report]]:
    kind = request.param
    machine, own_user = MACHINES[kind]
    if machine.missing:
        pytest.skip(f"not available on this machine: {machine.missing}")
    with (
        open_surroundings() as (job, orders),
        open_jail(job, own_user=own_user, machine=machine) as (_, jail, lane),
    ):
        skipped = CANNOT_BE_DENIED[kind]
        confinement = jail.for_probe(30)
        report = await attack(
            lane, orders | {"skipped": [*skipped]}, confinement, "support.attacks.hostile_renderer:serve"
        )
        yield kind, report | dict.fromkeys(skipped, "-")


@pytest.mark.parametrize("name", NAMES)
async def test_attacks_of_a_compromised_renderer(confined: tuple[str, Report], name: str) -> None:
    kind, report = confined
    if name in ALLOWED:
        assert report[name] is None
    elif name != WRITE_OWN_FOLDER or kind != "a root of its own":
        assert report[name] is not None
