"""Preferences of a caller about an answer: `Prefer` (RFC 7240), and its spelling in the query string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.requests import Request

from ffmpeg_worker.errors import InvalidJob

MAX_WAIT_S = 600
"""Longest time that a request waits for a job because it prefers to."""
BARE_WAIT_S = 60
"""Seconds of a `wait` without a number."""
_MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of a caller about one answer.

    Attributes:
        wait_s: seconds to wait for the end of the job; `None` where nothing is said.
        is_async: whether the job shall be queued (`respond-async`).
    """

    wait_s: int | None = None
    is_async: bool = False

    def as_headers(self) -> dict[str, str]:
        """Return the header that tells which preferences were applied."""
        applied = [*(["respond-async"] if self.is_async else [])]
        applied += [f"wait={self.wait_s}"] if self.wait_s is not None else []
        return {"Preference-Applied": ", ".join(applied), "Vary": "Prefer"} if applied else {}


def read_preferences(request: Request) -> Preferences:
    """Read the preferences of a request; `?wait=30` goes before the header, where what is not known is ignored.

    Raises:
        InvalidJob: `wait` in the query string is not a number of seconds.
    """
    given: dict[str, str] = {}
    for name, value in _split(request.headers.getlist("prefer")):
        given.setdefault(name, value)  # RFC 7240, section 2: the first one counts
    wait_s = _read_seconds(given["wait"] or str(BARE_WAIT_S)) if "wait" in given else None
    asked = request.query_params.get("wait")
    if asked:
        wait_s = _read_seconds(asked)
        if wait_s is None:
            raise InvalidJob(
                '"wait" in the query string is not a whole number of seconds.',
                code="invalid_value",
                hint=f"Give 0 to {MAX_WAIT_S}, such as ?wait=30.",
                where={"field": "wait"},
            )
    return Preferences(wait_s, "respond-async" in given)


def _split(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names in lower case and values of preferences, without their parameters."""
    for header in headers:
        for part in header.split(","):
            name, _, value = part.partition(";")[0].partition("=")
            yield name.strip().lower(), value.strip().strip('"').strip()


def _read_seconds(text: str) -> int | None:
    text = text.strip().lstrip("0") or text.strip()[-1:]
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[: _MAX_DIGITS + 1]), MAX_WAIT_S)
