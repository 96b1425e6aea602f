"""Outputs to web servers, by PUT to addresses that the caller has presigned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ffmpeg_worker.errors import InvalidJob, TargetError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.storage.backends import NOT_REMOVABLE, BeginUpload, ObjectHeaders
from ffmpeg_worker.storage.http.signed_url import is_azure_sas, strip_signature
from ffmpeg_worker.storage.http.upload import HttpUpload, UploadLimits
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.suggestions import find_nearest


class PresignedWriter:
    """An `ObjectWriter` of presigned PUT addresses: one for the only output of a job, or one for each name."""

    def __init__(self, outbound: OutboundClient, upload: Upload, limits: UploadLimits | None = None) -> None:
        self._outbound = outbound
        self._url = upload.url
        self._urls = upload.urls or {}
        self._headers = {name: value.get_secret_value() for name, value in (upload.headers or {}).items()}
        self._limits = limits or UploadLimits()
        self._names_by_address: dict[str, str] = {}

    def check(self, name: str) -> None:
        """See `ObjectWriter.check`.

        Raises:
            InvalidJob: the job has no address for this output, or has assigned it to another output.
        """
        address = self._address(name)
        first = self._names_by_address.setdefault(strip_signature(address) or address, name)
        if first != name:
            raise InvalidJob(
                f'The outputs "{display_name(first)}" and "{display_name(name)}" have the same upload address.',
                code="upload_address_taken",
                hint='Give each output its own address in "upload.urls", by its name.',
                where={"output": display_name(name)},
            )

    async def preflight(self) -> None:
        """Does nothing: an address that is presigned for PUT answers no other request."""

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        """See `ObjectWriter.upload`. If the answer is lost after the last byte, the object may stay."""
        address = self._address(name)
        own_headers = _own_headers(address, headers, self._headers)
        shown = display_name(name)
        upload = HttpUpload(address, self._headers, own_headers, path, shown, self._limits, meter)
        await upload.run(self._outbound)

    def open_early(
        self, name: str, headers: ObjectHeaders, record: Callable[[BeginUpload], Awaitable[str]]
    ) -> None:
        """Nothing: one PUT sends a whole file; see `ObjectWriter.open_early`."""

    async def delete(self, name: str) -> None:
        """Always fails: a presigned PUT cannot delete; see `ObjectWriter.delete`."""
        raise TargetError(
            f'The output "{display_name(name)}" still exists: a presigned PUT cannot delete it.',
            code=NOT_REMOVABLE,
            hint="Delete it, or let the next upload replace it.",
        )

    async def locate(self, name: str) -> OutputLocation:
        """The address without its query; see `ObjectWriter.locate`."""
        url = self._address(name).partition("#")[0].partition("?")[0]
        return OutputLocation(unquote(urlsplit(url).path).lstrip("/"), url)

    def _address(self, name: str) -> str:
        address = self._url or self._urls.get(name)
        if address is None:
            nearest = find_nearest(name, self._urls)
            known = ", ".join(display_name(known) for known in list(self._urls)[:5])
            raise InvalidJob(
                f'There is no upload address for the output "{display_name(name)}".',
                code="upload_address_missing",
                hint=f'Did you mean "{display_name(nearest)}" in "upload.urls"?'
                if nearest
                else f'Add it to "upload.urls", which has {known}.',
                where={"output": display_name(name)},
            )
        return address


def _own_headers(address: str, headers: ObjectHeaders, given: Mapping[str, str]) -> dict[str, str]:
    """The worker's headers, except those that the caller has set: a signature may cover the caller's values."""
    own = {"Content-Type": headers.content_type}
    if headers.cache_control:
        own["Cache-Control"] = headers.cache_control
    if is_azure_sas(address):
        own["x-ms-blob-type"] = "BlockBlob"
    taken = {name.lower() for name in given}
    return {name: value for name, value in own.items() if name.lower() not in taken}
