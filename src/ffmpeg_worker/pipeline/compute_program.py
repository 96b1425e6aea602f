"""The program of the child processes of `Compute`: makes one call, and writes its result.

    request  two pickles: (memory in bytes, CPU seconds), then (function, arguments)
    answer   one pickle: the result, or the WorkerError that the call raised

The process is forked with everything loaded, and confined before it reads its request. The kernel ends it: with
SIGXCPU when its CPU time is used up, with SIGALRM when the time of its job is. It exits with `EXIT_MEMORY` when it
needs more memory than it may have.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import pkgutil
import resource
from contextlib import suppress
from typing import Any, BinaryIO

# Before numpy is loaded: a process with threads cannot be forked safely.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from ffmpeg_worker import command, composition, job, planning, scene
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.pipeline.compute_calls import EXIT_MEMORY
from ffmpeg_worker.planning.read_job import read_body


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one request; the process exits here if its memory is used up."""
    try:
        memory_bytes, cpu_s = pickle.load(requests)  # noqa: S301 - from the worker
        _lower_limit(resource.RLIMIT_DATA, memory_bytes)
        _lower_limit(resource.RLIMIT_CPU, cpu_s)
        function, arguments = pickle.load(requests)  # noqa: S301 - likewise
        pickle.dump(_call(function, arguments), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
    except MemoryError:
        os._exit(EXIT_MEMORY)


def _lower_limit(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except WorkerError as error:
        return error


def _warm_up() -> None:
    """Load all that reading and planning may need, and read one job of each action.

    A confined fork could not load modules: it may read only its job's files.
    """
    for package in (command, composition, job, planning, scene):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    importlib.import_module("numpy.ma")  # which numpy loads when it is first needed
    for action in ACTIONS.values():
        body = JobBody(action.name, json.dumps(dict(action.request)).encode())
        with suppress(WorkerError):
            pickle.dumps(read_body(body, Machine(cores=1)))


_warm_up()
