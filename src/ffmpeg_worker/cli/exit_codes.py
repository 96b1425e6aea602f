"""Exit codes, which say who must act."""

from __future__ import annotations

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineTimedOut, JobCancelled, Misconfigured

OK = 0
TIMED_OUT = 6
MISCONFIGURED = Misconfigured.exit_code
STOPPED = 130

_BY_CODE = {EngineTimedOut.code: TIMED_OUT, JobCancelled.code: STOPPED}
_BY_FAULT = {
    Fault.CALLER: 2,
    Fault.SOURCE: 3,
    Fault.TARGET: 4,
    Fault.WORKER: 5,
    Fault.OPERATOR: MISCONFIGURED,
}


def exit_code(code: str, fault: str) -> int:
    """Return the exit code of an error with this `code` and `fault`."""
    return _BY_CODE.get(code, _BY_FAULT[Fault(fault)])
