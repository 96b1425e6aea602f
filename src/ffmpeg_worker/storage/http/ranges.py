"""Requests for ranges of one source from a web server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import aiohttp

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.direct_body import BodyReader
from ffmpeg_worker.retry import AttemptFailed
from ffmpeg_worker.storage.errors import source_access_expired, source_changed, source_incomplete
from ffmpeg_worker.storage.http.download import HttpDownload
from ffmpeg_worker.storage.http.errors import (
    CONNECTION_ERRORS,
    source_bad_answer,
    source_certificate_invalid,
    source_status_error,
    source_unreachable,
)
from ffmpeg_worker.storage.http.source_names import WEB_PAGES, name_of
from ffmpeg_worker.storage.ranged.range_requests import (
    NotRanged,
    RangeAnswer,
    SourceVersion,
    WholeAnswer,
    WholeSource,
)
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter, download_folder

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_OTHER_SIZE = re.compile(r"bytes \*/(\d{1,18})")
# Weak ETags promise an equivalent representation, not equal bytes (RFC 9110, section 8.8.1).
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,256}"')
_MIN_AGE = timedelta(seconds=60)
"""Age from which the date of the last change is a strong validator: no later change bears the same date, even if
the clocks that wrote it and the date of the answer differ (RFC 9110, section 8.8.2.2)."""


class HttpRanges:
    """`RangeRequests` for one URL."""

    def __init__(self, outbound: OutboundClient, source: FileSource) -> None:
        self._outbound = outbound
        self._source = source
        self._kept = outbound.keep_connections()
        self._shown = display_name(source.url)
        self._name = ""

    @property
    def max_parallel(self) -> int:
        """See `RangeRequests.max_parallel`."""
        return 4

    @property
    def name(self) -> str:
        """See `RangeRequests.name`."""
        return self._name

    @asynccontextmanager
    async def open(self, end: int) -> AsyncIterator[RangeAnswer | WholeAnswer]:
        """See `RangeRequests.open`."""
        async with self._get({"Range": f"bytes=0-{end - 1}"}) as response:
            if response.status == 200:
                yield WholeAnswer(partial(self._download, response))
                return
            found = self._read_first(response, end)
            self._name = name_of(self._source.url, response.content_type)
            yield RangeAnswer(found, _Body(response, min(end, found.size), self._shown))

    @asynccontextmanager
    async def request(self, start: int, end: int, version: SourceVersion) -> AsyncIterator[RangeAnswer]:
        """See `RangeRequests.request`."""
        headers = {"Range": f"bytes={start}-{end - 1}", "If-Range": version.validator}
        async with self._get(headers) as response:
            self._check(response, start, end, version)
            yield RangeAnswer(version, _Body(response, end - start, self._shown))

    async def close(self) -> None:
        """See `RangeRequests.close`."""
        await self._kept.aclose()

    @asynccontextmanager
    async def _get(self, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        has_begun = False
        try:
            async with self._kept.get(self._source.url, self._source.plain_headers, headers) as response:
                has_begun = True
                yield response
        except aiohttp.ClientConnectorCertificateError:
            raise source_certificate_invalid(self._shown) from None
        except aiohttp.ClientResponseError:
            raise source_bad_answer(self._shown, "it is not valid HTTP") from None
        except CONNECTION_ERRORS:
            if has_begun:
                raise AttemptFailed(source_incomplete(self._shown, 0, None)) from None
            raise AttemptFailed(source_unreachable(self._shown)) from None

    async def _download(
        self, begun: aiohttp.ClientResponse, folder: Path, limits: DownloadLimits, meter: TransferMeter
    ) -> WholeSource:
        with download_folder(folder) as own:
            download = HttpDownload(self._outbound, self._source, own / "part", limits, meter)
            await download.run(begun)
            return WholeSource(download.give_name(), download.version)

    def _check(self, response: aiohttp.ClientResponse, start: int, end: int, version: SourceVersion) -> None:
        if response.status != 206:
            raise self._status_error(response, version)
        if _is_encoded(response):
            raise source_bad_answer(self._shown, "its body is compressed although that was not requested")
        etag = response.headers.get("ETag")
        if version.is_etag and etag not in {None, version.validator}:
            raise source_changed(self._shown)
        given = _read_content_range(response)
        if given is not None and given[2] != version.size:
            raise source_changed(self._shown)
        if given != (start, end, version.size):
            raise source_bad_answer(self._shown, "it is another range than the one that was requested")

    def _read_first(self, response: aiohttp.ClientResponse, end: int) -> SourceVersion:
        if response.status == 416:  # the source is empty, or the server cannot send ranges
            raise NotRanged
        if response.status != 206:
            raise source_status_error(self._shown, response)
        given, validator = _read_content_range(response), _read_validator(response)
        if given is None or validator is None or _is_encoded(response) or response.content_type in WEB_PAGES:
            raise NotRanged
        if given[:2] != (0, min(end, given[2])):
            raise NotRanged
        return SourceVersion(given[2], validator, validator.startswith('"'))

    def _status_error(self, response: aiohttp.ClientResponse, version: SourceVersion) -> Exception:
        """The error of an answer to a later request that is not the range."""
        status = response.status
        if status in {401, 403}:
            return source_access_expired(self._shown)
        if status in {404, 410}:
            return AttemptFailed(source_changed(self._shown))
        if status == 200 and _read_validator(response) == version.validator:
            return source_bad_answer(self._shown, "it is the whole file, although it was a range before")
        if status == 416:
            other = _OTHER_SIZE.fullmatch(response.headers.get("Content-Range", ""))
            if other is not None and int(other[1]) == version.size:
                return source_bad_answer(self._shown, "it refuses a range that the file has")
        if status in {200, 412, 416}:
            return source_changed(self._shown)
        return source_status_error(self._shown, response)


class _Body:
    """`RangeBody` of an answer that must be `size` bytes long."""

    def __init__(self, response: aiohttp.ClientResponse, size: int, shown: str) -> None:
        self._reader = BodyReader(response, size)
        self._size = size
        self._shown = shown
        self._received = 0

    async def read_into(self, buffer: memoryview) -> int:
        """See `RangeBody.read_into`."""
        count = await self._reader.read_into(buffer)
        self._received += count
        if self._received > self._size:
            raise source_bad_answer(self._shown, "it is longer than the range that was requested")
        if not count and self._received < self._size:
            raise AttemptFailed(source_incomplete(self._shown, self._received, self._size))
        return count

    @property
    def connection(self) -> int | None:
        """See `RangeBody.connection`."""
        return self._reader.connection

    def note_received(self, count: int) -> None:
        """See `RangeBody.note_received`."""
        self._received += count
        self._reader.note_received(count)


def _read_content_range(response: aiohttp.ClientResponse) -> tuple[int, int, int] | None:
    """First byte, byte behind the last one, and size of the whole; `None` if they are not given or impossible."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return None
    start, last, size = (int(number) for number in match.groups())
    return (start, last + 1, size) if start <= last < size else None


def _is_encoded(response: aiohttp.ClientResponse) -> bool:
    content_encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    transfer_encoding = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
    return content_encoding not in {"", "identity"} or transfer_encoding != "chunked"


def _read_validator(response: aiohttp.ClientResponse) -> str | None:
    """The strong ETag, else the date of the last change if that is strong, else `None`."""
    etag = response.headers.get("ETag", "")
    if _STRONG_ETAG.fullmatch(etag):
        return etag
    changed = response.headers.get("Last-Modified", "")
    modified_at, answered_at = _read_date(changed), _read_date(response.headers.get("Date", ""))
    if modified_at is None or answered_at is None or answered_at - modified_at < _MIN_AGE:
        return None
    return changed


def _read_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text.endswith("GMT") else None
    except ValueError:
        return None
