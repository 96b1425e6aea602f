"""W3C trace context: the trace of a caller that a request and its job belong to.

Its ids are in the log, and its headers go on to webhooks: https://www.w3.org/TR/trace-context/. Nothing is sent to
a collector.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ffmpeg_worker.logs import log_fields_var

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_MAX_MEMBERS = 32
_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A trace and the worker's part of it.

    Attributes:
        trace_id: of the whole trace, 32 hexadecimal digits.
        span_id: of this request, 16 hexadecimal digits.
        flags: as the caller gave them, such as `01` for a trace that is recorded.
        state: what the systems of the trace add, unchanged.
    """

    trace_id: str
    span_id: str
    flags: str
    state: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry it on."""
        parent = {"traceparent": f"00-{self.trace_id}-{self.span_id}-{self.flags}"}
        return {**parent, "tracestate": self.state} if self.state else parent


def read_trace(parents: Sequence[str], states: Sequence[str]) -> TraceContext | None:
    """Return the trace of a request with these headers, with an id of its own; `None` if none is valid."""
    found = _PARENT.fullmatch(parents[0].strip(" \t")) if len(parents) == 1 else None
    if found is None:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    return TraceContext(trace_id, secrets.token_hex(8), flags, _read_state(states))


def open_trace(headers: Mapping[str, str]) -> TraceContext | None:
    """Return the trace in headers that `TraceContext.headers` made."""
    found = _PARENT.fullmatch(headers.get("traceparent", ""))
    return None if found is None else TraceContext(found[2], found[3], found[4], headers.get("tracestate", ""))


def current_trace() -> TraceContext | None:
    """Return the trace that the current task belongs to."""
    return _current.get()


@contextmanager
def tracing(trace: TraceContext | None) -> Iterator[None]:
    """Let the current task and its log lines belong to a trace."""
    token, log_token = _current.set(trace), log_fields_var.set(_fields_of(trace))
    try:
        yield
    finally:
        _current.reset(token)
        log_fields_var.reset(log_token)


def enter_trace(trace: TraceContext | None) -> None:
    """Let the current task belong to a trace, until the block of `tracing` that it is in ends."""
    _current.set(trace)
    log_fields_var.set(_fields_of(trace))


def _fields_of(trace: TraceContext | None) -> Mapping[str, str]:
    return {} if trace is None else {"trace_id": trace.trace_id, "span_id": trace.span_id}


def _read_state(states: Sequence[str]) -> str:
    """Return the members of `tracestate`, or nothing if they are not as the standard says."""
    members = [member.strip(" \t") for header in states for member in header.split(",")]
    members = [member for member in members if member]
    keys = [member.partition("=")[0] for member in members]
    is_valid = (
        len(members) <= _MAX_MEMBERS and len(set(keys)) == len(keys) and all(map(_MEMBER.fullmatch, members))
    )
    return ",".join(members) if is_valid else ""
