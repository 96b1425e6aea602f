"""Parameters of requests about queued jobs: ids, numbers and filters."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from starlette.requests import Request

from ffmpeg_worker.api.query_parameters import read_limit, refuse_parameter, shorten_name
from ffmpeg_worker.errors import JobNotFound
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job_queue.job_record import JobFilter, JobStatus
from ffmpeg_worker.suggestions import did_you_mean

MAX_PAGE = 200
DEFAULT_PAGE = 50
MAX_METADATA_FILTERS = 8
FILTERS = ("status", "action", "created_from", "created_before", "parent_id", "limit", "cursor")
_ID_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-_.:")
_MAX_ID = 128
_MAX_DIGITS = 18
_MAX_TEXT = 1024
_MAX_TIME = 40


def read_job_id(request: Request) -> str:
    """Return the id in the path of a request.

    Raises:
        JobNotFound: no job can have such an id.
    """
    job_id: str = request.path_params["job_id"]
    if not _is_id(job_id):
        raise JobNotFound("There is no such job.", hint='Take the "id" of the answer that the job was sent with.')
    return job_id


def read_number(text: str, name: str) -> int:
    """Read the number of a revision or a log entry from the query string.

    Raises:
        InvalidJob: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise refuse_parameter(
            name, "is not a whole number", "Give the last number that you have, or leave it out."
        )
    return int(text)


def read_filter(request: Request, owner: str) -> tuple[JobFilter, str | None, int]:
    """Read the query string of a list: the filter, the cursor and the number of jobs.

    Raises:
        InvalidJob: a parameter is not known, or has no such value.
    """
    given = _read_once(request.query_params.multi_items())
    metadata = {name: given.pop(key) for key in [*given] if (name := _metadata_key(key)) is not None}
    if len(metadata) > MAX_METADATA_FILTERS:
        raise refuse_parameter("metadata", "has too many filters", f"Give at most {MAX_METADATA_FILTERS}.")
    for key in given:
        if key not in FILTERS:
            known = f"Filters are {', '.join(FILTERS)} and metadata.KEY."
            raise refuse_parameter(
                key, "is not a filter of jobs", did_you_mean(shorten_name(key), FILTERS) or known
            )
    limit = read_limit(given.get("limit", str(DEFAULT_PAGE)), MAX_PAGE, "jobs")
    wanted = JobFilter(
        owner=owner,
        statuses=_read_statuses(given),
        action=_read_action(given),
        created_from=_read_time(given, "created_from"),
        created_before=_read_time(given, "created_before"),
        metadata=metadata,
        parent_id=_read_parent(given),
    )
    return wanted, given.get("cursor"), limit


def _read_once(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters by name; a state may be given several times, blank values count as not given."""
    given: dict[str, str] = {}
    for key, value in items:
        if len(value) > _MAX_TEXT or "\0" in value or "\0" in key or len(key) > _MAX_TEXT:
            raise refuse_parameter(key, "has a value that is too long, or a NUL character", "Shorten it.")
        if key in given and key != "status":
            raise refuse_parameter(key, "is given twice", "Give it once.")
        if value or _metadata_key(key) is not None:
            given[key] = f"{given[key]},{value}" if key in given else value
    return given


def _metadata_key(name: str) -> str | None:
    """Return the key in `metadata.KEY` or `metadata[KEY]`; `None` for other parameters."""
    if name.startswith("metadata."):
        return name.removeprefix("metadata.")
    return name[len("metadata[") : -1] if name.startswith("metadata[") and name.endswith("]") else None


def _read_statuses(given: Mapping[str, str]) -> tuple[JobStatus, ...]:
    names = [name.strip() for name in given.get("status", "").split(",") if name.strip()]
    for name in names:
        if name not in set(JobStatus):
            raise refuse_parameter(
                "status", "names a state that jobs do not have", f"States are {', '.join(JobStatus)}."
            )
    return tuple(JobStatus(name) for name in dict.fromkeys(names))


def _read_action(given: Mapping[str, str]) -> str | None:
    action = given.get("action")
    if action is not None and action not in ACTIONS:
        known = f"Actions are {', '.join(ACTIONS)}."
        raise refuse_parameter("action", "is not an action", did_you_mean(shorten_name(action), ACTIONS) or known)
    return action


def _read_parent(given: Mapping[str, str]) -> str | None:
    parent = given.get("parent_id")
    if parent is not None and not _is_id(parent):
        raise refuse_parameter("parent_id", "is not the id of a job", "Give the id of a job that was split.")
    return parent


def _read_time(given: Mapping[str, str], key: str) -> float | None:
    """Read ISO 8601; UTC where no offset is given. The plus of an offset may have become a blank in the URL."""
    text = given.get(key)
    if text is None:
        return None
    if text[-6:-5] == " " and text[-3:-2] == ":":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        time = datetime.fromisoformat(text[:_MAX_TIME])
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise refuse_parameter(key, "is not a time", "Give ISO 8601, such as 2026-11-30T12:00:00Z.") from None


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _MAX_ID and _ID_CHARACTERS.issuperset(text)
