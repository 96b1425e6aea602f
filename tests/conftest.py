"""Settings and fixtures for tests of all kinds."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from support.extent import examples, find_left_out

if TYPE_CHECKING:
    from support.servers.bucket import Bucket
    from support.servers.postgres import Postgres

MAX_WORKERS = 4
LONGEST_FIRST = (
    "e2e/test_many_machines.py",
    "e2e/test_crash_matrix.py",
    "e2e/test_runpod_handler.py",
    "e2e/test_dashboard.py",
    "media/test_vmaf.py",
    "security/test_attacks.py",
    "fuzz/test_bodies.py",
    "security/test_hostile_media.py",
    "media/test_diagnose.py",
    "media/test_unusual_media.py",
    "e2e/test_queue_faults.py",
    "e2e/test_queue_scale.py",
    "docs/test_canvas_examples.py",
    "media/test_canvas_faults.py",
    "e2e/test_demo.py",
    "e2e/test_runpod_platform.py",
    "media/test_canvas_sound.py",
    "media/test_measurements.py",
    "media/test_canvas_ass.py",
    "media/test_uploads.py",
    "media/test_canvas_render.py",
    "security/test_load.py",
    "e2e/test_http.py",
    "media/test_probe_fields.py",
    "security/test_no_secret_leaks.py",
    "e2e/test_cli.py",
    "media/test_canvas_examples.py",
    "docs/test_client_examples.py",
    "e2e/test_generated_typescript_client.py",
    "e2e/test_generated_python_client.py",
    "media/test_guide_commands.py",
    "media/test_everyday_commands.py",
    "media/test_run_ffmpeg.py",
    "security/test_everyday_confined.py",
    "security/test_hostile_bodies.py",
    "e2e/test_canvas_entry_points.py",
    "contract/test_objects.py",
    "property/test_request_schemas.py",
)
"""Modules that take more than 15 seconds: one of them at the end of a run would leave the other processes idle."""


# As in the worker's own programs: the threads of OpenBLAS wait for each other by spinning.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# The time that an example takes says little on a busy machine.
settings.register_profile(
    "without deadlines",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    max_examples=examples(100),
)
settings.load_profile("without deadlines")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors, because tests also wait for servers and deadlines."""
    return min(len(os.sched_getaffinity(0)) + 1, MAX_WORKERS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out cases of sampled tests, unless tests are named; start the longest modules first."""
    if not any("::" in argument for argument in config.args):
        left_out = find_left_out(items)
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    root = Path(__file__).parent
    ranks = {str(root / name): rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(str(item.path), len(ranks)))


def pytest_collection_finish() -> None:
    """Exclude all tests and modules, which stay until the end, from the searches for garbage."""
    gc.freeze()
    gc.enable()


class SkippedTests:
    """Writes the ids of skipped tests and modules to a file, one per line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._ids.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._ids.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._path.write_text("".join(f"{name}\n" for name in dict.fromkeys(self._ids)), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Write the ids of skipped tests to the file that SKIPPED_TESTS names, and collect tests without pauses."""
    gc.disable()
    path = os.environ.get("SKIPPED_TESTS")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkippedTests(Path(path)))


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs for all tests of this process, each of which creates a database of its own."""
    from support.servers.postgres import running_postgres  # few tests need its driver

    with running_postgres() as server:
        yield server
