"""A probe that has loaded its libraries reaches the job's own files only."""

from __future__ import annotations

from pathlib import Path

from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.jail import Jail

_BASE = Confinement(
    readable=("/usr/lib",),
    executable=("/usr/bin/ffmpeg",),
    devices=("/dev/null",),
    uid=20_000,
    limits=Limits(open_files=64),
    root="/scratch",
    names_threads=True,
)


def test_it_reads_the_files_of_its_job_and_nothing_else() -> None:
    jail = Jail(Path("/scratch/job"), _BASE, cores=2)
    jail.allow_read(Path("/data/input.mp4"))
    assert jail.for_loaded_probe(60) == Confinement(
        readable=("/scratch/job", "/data/input.mp4"),
        uid=20_000,
        limits=Limits(cpu_s=60, open_files=64),
        root="/scratch",
    )


def test_nothing_is_confined_where_the_sandbox_is_off() -> None:
    assert Jail(Path("/scratch/job"), None, cores=2).for_loaded_probe(60) is None


def test_a_confinement_survives_its_message() -> None:
    assert Confinement.of_message(_BASE.as_message()) == _BASE
