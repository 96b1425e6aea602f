"""Whether an injected fault explains the failure of an honest job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from soak.run_record import InjectedFault

FULL_DISK = "full disk"
_CODES_OF_A_FULL_DISK = frozenset({"disk_full", "target_unavailable"})
BUSY_CODES = frozenset({"queue_full", "key_queue_full", "key_requests_full"})
_LATE_S = 1.0
"""A disk may be found full, and a killed process missed, a moment after the fault has ended."""


def is_busy(problem: dict[str, Any]) -> bool:
    """Whether the worker only asks to send the job again later."""
    return problem.get("code") in BUSY_CODES and problem.get("retryable") is True


def find_explaining_fault(
    problem: dict[str, Any], job_id: str | None, began: float, ended: float, injected: Iterable[InjectedFault]
) -> InjectedFault | None:
    """Return the injected fault that explains a failure between `began` and `ended`.

    Only a retryable failure is explained. It must be the worker's, or that of a target on a full disk.
    """
    if problem.get("retryable") is not True:
        return None
    for fault in injected:
        is_of_disk = problem.get("code") in _CODES_OF_A_FULL_DISK
        is_likely = is_of_disk if fault.what == FULL_DISK else problem.get("fault") == "worker" and not is_of_disk
        may_harm = fault.job_id is None or fault.job_id == job_id
        overlaps = fault.began <= ended and began <= fault.ended + _LATE_S
        if is_likely and may_harm and overlaps:
            return fault
    return None


def describe_near(job_id: str | None, began: float, ended: float, injected: Iterable[InjectedFault]) -> str:
    """Name the injected faults during a job, as evidence for a unexplained failure."""
    near = [
        f"{fault.what}{' of this job' if fault.job_id == job_id and job_id else ''}"
        for fault in injected
        if fault.began <= ended and began <= fault.ended + _LATE_S and fault.job_id in {None, job_id}
    ]
    return f"during: {', '.join(near)}" if near else "without any injected fault"
