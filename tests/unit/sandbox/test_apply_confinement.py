"""Resource limits of children."""

from __future__ import annotations

import resource

from ffmpeg_worker.sandbox.apply_confinement import rlimits
from ffmpeg_worker.sandbox.confinement import Limits


def test_limits_are_hard_and_never_above_the_worker_s() -> None:
    found = dict(rlimits(Limits(cpu_s=10, open_files=1 << 40, processes=5), own_user=False))
    assert found[resource.RLIMIT_CPU] == (10, 15)
    assert found[resource.RLIMIT_NOFILE][1] <= resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert resource.RLIMIT_NPROC not in found  # it would count the worker's own processes
    assert resource.RLIMIT_DATA not in found
