"""Signed links to the outputs of queued jobs: whoever has one may fetch what it names, until it expires.

A link is `/api/jobs/{id}/outputs/~{expires}.{covered}.{signature}/{name}`. The token is a part of the path, so
that the relative names in a playlist lead to addresses with the same token. `covered` is `x` for this file alone.
For a playlist it is the number of folders that its name begins with: the link covers all outputs in that folder.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ffmpeg_worker.errors import JobOutputError
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.storage.content_types import is_manifest

if TYPE_CHECKING:  # its library takes a while to load, and paths of links are recognized without it
    from ffmpeg_worker.job_queue.seal import Seal

_STEPS = 24
"""Links made within this part of their lifetime are equal, so that caches and players can use them again."""
_MAX_SKEW_S = 300.0
_ONE_FILE = "x"
_TOKEN_TEXT = r"~(\d{1,11})\.(x|\d{1,4})\.([0-9a-f]{64})"
_TOKEN = re.compile(_TOKEN_TEXT, re.ASCII)
_LINK = re.compile(rf"/api/jobs/([^/]{{1,128}})/outputs/({_TOKEN_TEXT})/(.+)", re.ASCII | re.DOTALL)
_HINT = "Get the job's record, or the list of files, again: it has a fresh link."


class OutputLinks:
    """Makes and checks links; processes with the same key accept each other's."""

    def __init__(self, seal: Seal, lifetime_s: float, clock: Callable[[], float] = time.time) -> None:
        """A link is valid for `lifetime_s`, or a little less; `clock` returns seconds since 1970."""
        self._seal = seal
        self._lifetime_s = lifetime_s
        self._clock = clock

    def make(self, base_url: str, job_id: str, name: str) -> str:
        """Return a link to an output; `base_url` has no slash at its end."""
        expires = choose_expiry(self._clock(), self._lifetime_s)
        covered = str(name.count("/")) if is_manifest(name) else _ONE_FILE
        token = f"~{expires}.{covered}.{self._sign(job_id, expires, covered, name)}"
        return f"{base_url}/api/jobs/{job_id}/outputs/{token}/{quote(name)}"

    def check(self, job_id: str, token: str, name: str) -> None:
        """Check the token of a link to an output.

        Raises:
            JobOutputError: it is not valid for this output, or not any more.
        """
        found = _TOKEN.fullmatch(token)
        now = self._clock()
        if found is None or not hmac.compare_digest(self._sign(job_id, int(found[1]), found[2], name), found[3]):
            raise refused_link()
        check_expiry(int(found[1]), now, self._lifetime_s)

    def describe_outputs(self, record: JobRecord, base_url: str) -> JobRecord:
        """Return a record in whose result every output that can be fetched has a link as its `url`."""
        if record.result is None or record.outputs_place is None or record.outputs_removed:
            return record
        result = self._link_all(record.result, record.job_id, base_url)
        if isinstance(reports := result.get("results"), list):  # those of the processes of `multi_process`
            result["results"] = [self._link_all(report, record.job_id, base_url) for report in reports]
        return replace(record, result=result)

    def _link_all(self, holder: Mapping[str, Any], job_id: str, base_url: str) -> dict[str, Any]:
        outputs = holder.get("outputs")
        if not outputs:
            return {**holder}
        return {**holder, "outputs": [self._link(output, job_id, base_url) for output in outputs]}

    def _link(self, output: Mapping[str, Any], job_id: str, base_url: str) -> Mapping[str, Any]:
        _, is_here, name = str(output.get("path")).partition(f"/{job_id}/outputs/")
        if not is_here or output.get("url"):
            return output
        linked = {**output, "url": self.make(base_url, job_id, name)}
        return {key: linked[key] for key in ("name", "path", "url", *linked)}

    def _sign(self, job_id: str, expires: int, covered: str, name: str) -> str:
        scope = name if covered == _ONE_FILE else "/".join(name.split("/")[:-1][: int(covered)])
        return self._seal.sign(json.dumps([job_id, expires, covered, scope]))


def choose_expiry(now: float, lifetime_s: float) -> int:
    """Return when a link that is made now expires, in seconds since 1970."""
    step = max(1, int(lifetime_s) // _STEPS)
    return int(now + lifetime_s) // step * step


def check_expiry(expires: int, now: float, lifetime_s: float) -> None:
    """Refuse a link that is not valid any more, or longer than links are.

    Raises:
        JobOutputError: it is refused.
    """
    if expires > now + lifetime_s + _MAX_SKEW_S:
        raise refused_link()
    if expires <= now:
        when = datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z")
        raise JobOutputError(f"The link expired at {when}.", code="link_expired", hint=_HINT)


def refused_link() -> JobOutputError:
    """Return the error of a link that was not made here, or for something else."""
    return JobOutputError("The link is not valid for this output.", code="link_invalid", hint=_HINT)


def find_link(path: str) -> tuple[str, str, str] | None:
    """Return the job's id, the token and the name of the output in the path of a link, unchecked."""
    found = _LINK.fullmatch(path)
    return (found[1], found[2], found[6]) if found else None


def hide_token(path: str) -> str:
    """Return a path as the log may show it: who has the token of a link may fetch the output."""
    found = _LINK.fullmatch(path)
    return f"{path[: found.start(2)]}~…/{found[6]}" if found else path
