"""Failures of object stores, and what the egress proxy's refusal does to a request."""

from __future__ import annotations

import asyncio

import pytest
from obstore.exceptions import GenericError, NotModifiedError, PermissionDeniedError, PreconditionError

from ffmpeg_worker.errors import AddressNotAllowed
from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.storage.objects.errors import Failure, await_reply, classify, fails_every_request, target_error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (FileNotFoundError("404"), Failure.NOT_FOUND),
        (FileNotFoundError("<Code>NoSuchBucket</Code>"), Failure.NO_BUCKET),
        (PermissionDeniedError("403"), Failure.FORBIDDEN),
        (PreconditionError("412"), Failure.CHANGED),
        (NotModifiedError("304"), Failure.CHANGED),
        (GenericError("Server returned non-2xx status code: 400 Bad Request"), Failure.REFUSED),
        (GenericError("Server returned non-2xx status code: 301 Moved"), Failure.REFUSED),
        (GenericError("Server returned non-2xx status code: 429 Too Many Requests"), Failure.UNAVAILABLE),
        (GenericError("Server returned non-2xx status code: 503 Slow Down"), Failure.UNAVAILABLE),
        (GenericError("connection closed"), Failure.UNAVAILABLE),
    ],
)
def test_the_kind_of_a_failure(error: Exception, failure: Failure) -> None:
    assert classify(error) is failure


@pytest.mark.parametrize(
    ("text", "expected"),
    [("NoSuchBucket", True), ("SignatureDoesNotMatch", True), ("invalid_grant", True), ("AccessDenied", False)],
)
def test_failures_of_every_request(text: str, expected: bool) -> None:
    assert fails_every_request(GenericError(text)) is expected


def test_only_an_unavailable_store_is_worth_a_retry() -> None:
    assert {failure for failure in Failure if target_error(failure, "b").retryable} == {Failure.UNAVAILABLE}


async def test_a_refused_address_ends_the_request() -> None:
    ticket = ProxyTicket("127.0.0.1:1")
    request = asyncio.ensure_future(asyncio.Event().wait())
    asyncio.get_running_loop().call_soon(ticket.refused.set)
    with pytest.raises(AddressNotAllowed, match='of the bucket "a" is not allowed'):
        await await_reply(request, ticket, 'bucket "a"')
    assert request.cancelled()


async def test_a_request_that_failed_because_of_a_refusal_says_so() -> None:
    ticket = ProxyTicket("127.0.0.1:1")

    async def fail() -> None:
        ticket.refused.set()
        raise GenericError("proxy answered 403")

    with pytest.raises(AddressNotAllowed):
        await await_reply(fail(), ticket, 'bucket "a"')


async def test_a_reply_or_error_of_an_allowed_address_is_passed_on() -> None:
    async def reply(error: Exception | None = None) -> str:
        if error is not None:
            raise error
        return "reply"

    ticket = ProxyTicket("127.0.0.1:1")
    assert await await_reply(reply(), ticket, "bucket") == "reply"
    with pytest.raises(GenericError, match="broken"):
        await await_reply(reply(GenericError("broken")), ticket, "bucket")
