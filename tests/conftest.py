"""Settings and fixtures for tests of all kinds."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.servers.bucket import Bucket

MAX_WORKERS = 4
LONGEST_FIRST = (
    "security/test_attacks.py",
    "security/test_hostile_media.py",
    "media/test_canvas_faults.py",
    "media/test_everyday_commands.py",
    "docs/test_canvas_examples.py",
    "e2e/test_cli.py",
    "security/test_no_secret_leaks.py",
    "media/test_canvas_examples.py",
    "e2e/test_runpod_handler.py",
    "e2e/test_canvas_doors.py",
    "media/test_uploads.py",
    "docs/test_client_examples.py",
    "contract/test_objects.py",
    "media/test_canvas_sound.py",
    "media/test_canvas_render.py",
    "e2e/test_runpod_platform.py",
    "media/test_run_ffmpeg.py",
    "e2e/test_demo.py",
    "security/test_everyday_confined.py",
)
"""Modules that take more than 15 seconds: one of them at the end of a run would leave the other processes idle."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors, because tests also wait for servers and deadlines."""
    return min(len(os.sched_getaffinity(0)) + 1, MAX_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest modules first; the others keep their order."""
    root = os.path.dirname(__file__)  # noqa: PTH120 - once for each of thousands of tests
    ranks = {os.path.join(root, name): rank for rank, name in enumerate(LONGEST_FIRST)}  # noqa: PTH118
    items.sort(key=lambda item: ranks.get(str(item.path), len(ranks)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test when REQUIRE_ALL=1."""
    report = yield
    _require(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a skipped module when REQUIRE_ALL=1."""
    report = yield
    _require(report)
    return report


def _require(report: Any) -> None:
    if os.environ.get("REQUIRE_ALL") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this was skipped: {reason}"


@pytest.fixture(scope="module")
def served() -> Iterator[Bucket]:
    """A bucket in an S3 server, for all tests of a module."""
    from support.servers.bucket import open_bucket  # loading the server takes a second, and few tests need it

    with open_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(served: Bucket) -> Bucket:
    """That bucket, empty."""
    served.empty()
    return served
