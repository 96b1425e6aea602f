"""The receiver of a job's webhooks and their form; checked before the job is accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from yarl import URL

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.queue_fields import QueueFields
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.headers import check_headers

Shape = Literal["standard", "runpod"]

_NAMED = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}):(.*)", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]*", re.ASCII)
_OWN_HEADERS = frozenset(
    "accept content-type cookie user-agent webhook-id webhook-timestamp webhook-signature".split()
)
_FIELD = "callback_auth_header"


@dataclass(frozen=True, slots=True, repr=False)
class Callback:
    """The receiver of a job's webhooks; it is not shown, as each part of it may be a secret.

    Attributes:
        url: its address.
        auth_header: as the caller gave it: a value of `Authorization`, or `Name: value`.
        events: `end`, which is always told, and `progress`.
        shape: `standard`: as the specification of Standard Webhooks says; `runpod`: as RunPod posts its jobs.
        base_url: of links to this worker, without a slash at its end; `None` where no request has told it.
        job_field: the field of the job with the address, for errors.
        trace: headers of the trace that the job belongs to.
    """

    url: str
    auth_header: str | None = None
    events: tuple[str, ...] = ("end",)
    shape: Shape = "standard"
    base_url: str | None = None
    job_field: str = "callback_url"
    trace: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells_progress(self) -> bool:
        """Whether progress is told too; RunPod tells none."""
        return "progress" in self.events and self.shape == "standard"

    @property
    def receiver(self) -> str:
        """Host and port: what may be slow or down for all webhooks that go there."""
        url = URL(self.url)
        return f"{url.host}:{url.port}".lower()

    @property
    def host(self) -> str:
        """The host, which alone is shown: the rest of an address may be a secret."""
        return URL(self.url).host or ""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header of the caller."""
        if self.auth_header is None:
            return {}
        named = _NAMED.fullmatch(self.auth_header)
        return {"Authorization": self.auth_header} if named is None else {named[1]: named[2].strip()}

    def pack(self) -> bytes:
        """Return JSON, which is to be sealed."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def open(cls, packed: bytes) -> Callback:
        """Return what was packed."""
        values: dict[str, Any] = json.loads(packed)
        return cls(**{**values, "events": tuple(values["events"])})


def callback_of(fields: QueueFields, base_url: str | None, shape: Shape = "standard") -> Callback | None:
    """Return the receiver that a job names in its fields."""
    if fields.callback is None:
        return None
    header = fields.callback_auth_header
    return Callback(
        url=fields.callback,
        auth_header=None if header is None else header.get_secret_value(),
        events=tuple(fields.callback_events),
        shape=shape,
        base_url=base_url,
        job_field="callback_url" if fields.callback_url is not None else "webhook",
    )


def check_callback(callback: Callback, outbound: OutboundClient) -> None:
    """Refuse a receiver that can never be called.

    Raises:
        AddressNotAllowed: its scheme, host or port.
        InvalidJob: its header.
    """
    try:
        outbound.check_address(callback.url)
    except WorkerError as error:
        error.reword(lambda text: text.replace('"headers"', f'"{_FIELD}"'))
        raise error.at(field=callback.job_field) from None
    if callback.auth_header is None:
        return
    if not _PRINTABLE.fullmatch(callback.auth_header):
        raise _header_refused(
            f'"{_FIELD}" has a character that is not printable ASCII.',
            "Give the value of `Authorization`, or `Name: value`.",
        )
    for name, value in callback.headers.items():
        if name.lower() in _OWN_HEADERS:
            raise _header_refused(f'"{_FIELD}" may not set "{name}".', "The worker sets it. Name another header.")
        if not value:
            raise _header_refused(f'"{_FIELD}" has no value.', "Give `Name: value`.")
        try:
            check_headers({name: value})
        except WorkerError as error:
            raise error.at(field=_FIELD) from None


def _header_refused(message: str, hint: str) -> InvalidJob:
    return InvalidJob(message, code="invalid_header", hint=hint, where={"field": _FIELD})
