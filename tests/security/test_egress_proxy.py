"""The egress proxy: which clients and addresses it allows."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.proxy import EgressProxy, ProxyTicket, open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.backends import ObjectHeaders
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.find_bucket import find_bucket
from ffmpeg_worker.storage.objects.source import BucketSource
from ffmpeg_worker.storage.objects.target import BucketWriter
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.servers.hostile_web import PUBLIC, HostileWeb, Names, open_hostile_web
from support.wait_until import until_async

RULES = OutboundRules(allow_http=True, allow_cidrs=(ip_network(f"{PUBLIC}/32"),))
HTTPS_ONLY = OutboundRules(allow_cidrs=RULES.allow_cidrs)

# Target of a CONNECT request ("PORT" is the server's) and the status of the response.
PLACES = {
    "ok.test:PORT": 200,
    "127.0.0.9:PORT": 200,
    "multi.test:PORT": 200,
    "127.0.0.1:PORT": 403,
    "localhost:PORT": 403,
    "localhost.:PORT": 403,
    "[::1]:PORT": 403,
    "[::ffff:127.0.0.1]:PORT": 403,
    "[64:ff9b::7f00:1]:PORT": 403,
    "[fe80::1%25lo]:PORT": 403,
    "mapped.test:PORT": 403,
    "nat64.test:PORT": 403,
    "meta.test:80": 403,
    "169.254.169.254:80": 403,
    "2130706433:PORT": 403,
    "0177.0.0.1:PORT": 403,
    "0x7f000001:PORT": 403,
    "0x7f.0x0.0x0.0x1:PORT": 403,
    "127.1:PORT": 403,
    "0:PORT": 403,
    "127。0。0。1:PORT": 400,
    "ok.test:PORT@127.0.0.1:PORT": 403,
    "user@ok.test:PORT": 403,
    "ok.test": 403,
    "ok.test:0": 403,
    "ok.test:99999": 403,
    ":PORT": 403,
    "1.1.1.1:22": 403,
    "nowhere.test:PORT": 502,
}
# The same for plain requests with an absolute http:// URL.
PLAIN = {
    "http://ok.test:PORT/ok": 200,
    "http://ok.test:PORT": 0,
    "http://127.0.0.1:PORT/ok": 403,
    "http://meta.test/latest": 403,
    "http://user@ok.test:PORT/ok": 403,
    "ftp://ok.test:PORT/ok": 400,
    "/ok": 400,
    "https://ok.test:PORT/ok": 400,
}


@pytest_asyncio.fixture
async def web() -> AsyncIterator[HostileWeb]:
    async with open_hostile_web() as opened:
        yield opened


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[EgressProxy]:
    async with open_egress_proxy(RULES, Names()) as opened:
        yield opened


async def _dial(ticket: ProxyTicket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = ticket.url.rpartition("@")[2].partition(":")
    return await asyncio.open_connection(host, int(port))


def _head(ticket: ProxyTicket, line: str, *more: str) -> bytes:
    secret = base64.b64encode(f"pass:{ticket.token}".encode()).decode()
    return "\r\n".join([line, "Host: x", f"Proxy-Authorization: Basic {secret}", *more, "", ""]).encode()


async def _ask(ticket: ProxyTicket, head: bytes) -> bytes:
    """Return everything received until the proxy or the server closes the connection."""
    reader, writer = await _dial(ticket)
    writer.write(head)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


async def _status(ticket: ProxyTicket, head: bytes) -> int:
    reader, writer = await _dial(ticket)
    writer.write(head)
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize("place", PLACES)
async def test_tunnels_open_to_allowed_addresses_only(place: str, web: HostileWeb, proxy: EgressProxy) -> None:
    ticket = proxy.issue_ticket()
    target = place.replace("PORT", str(web.port))
    assert await _status(ticket, _head(ticket, f"CONNECT {target} HTTP/1.1")) == PLACES[place]
    assert ticket.refused.is_set() == (PLACES[place] == 403)
    assert set(web.reached) <= {PUBLIC}


@pytest.mark.parametrize("target", PLAIN)
async def test_plain_requests_go_to_allowed_addresses_only(
    target: str, web: HostileWeb, proxy: EgressProxy
) -> None:
    ticket = proxy.issue_ticket()
    line = f"GET {target.replace('PORT', str(web.port))} HTTP/1.1"
    assert await _status(ticket, _head(ticket, line)) == PLAIN[target]
    assert set(web.reached) <= {PUBLIC}


async def test_a_name_is_resolved_once_per_connection(web: HostileWeb, proxy: EgressProxy) -> None:
    ticket = proxy.issue_ticket()
    line = f"CONNECT rebind.test:{web.port} HTTP/1.1"
    assert await _status(ticket, _head(ticket, line)) == 200
    assert await _status(ticket, _head(ticket, line)) == 403
    assert set(web.reached) <= {PUBLIC}


async def test_clients_without_a_ticket_are_rejected(web: HostileWeb, proxy: EgressProxy) -> None:
    ticket, other = proxy.issue_ticket(), proxy.issue_ticket()
    line = f"CONNECT ok.test:{web.port} HTTP/1.1"
    wrong = base64.b64encode(b"pass:wrong").decode()
    for head in (
        f"{line}\r\n\r\n",
        f"{line}\r\nProxy-Authorization: Basic {wrong}\r\n\r\n",
        f"{line}\r\nProxy-Authorization: Bearer {ticket.token}\r\n\r\n",
        f"{line}\r\nAuthorization: Basic {wrong}\r\n\r\n",
    ):
        assert await _status(ticket, head.encode()) == 407
    assert other.token != ticket.token
    assert ticket.token not in repr(ticket)
    gone = _head(other, line)
    del other
    assert await _status(ticket, gone) == 407
    assert web.reached == []


async def test_plain_http_is_rejected_unless_allowed(web: HostileWeb) -> None:
    async with open_egress_proxy(HTTPS_ONLY, Names()) as proxy:
        ticket = proxy.issue_ticket()
        assert await _status(ticket, _head(ticket, f"GET http://ok.test:{web.port}/ok HTTP/1.1")) == 403
        assert await _status(ticket, _head(ticket, f"CONNECT ok.test:{web.port} HTTP/1.1")) == 200


@contextlib.asynccontextmanager
async def _echo(*, response: bytes = b"") -> AsyncIterator[tuple[int, list[bytes]]]:
    """Run a server at the public address that records what it receives and responds at the end."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(1 << 16):
                got.append(chunk)
            writer.write(response)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, PUBLIC, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


async def test_a_tunnel_relays_both_directions_and_half_closes(proxy: EgressProxy) -> None:
    sent, response = b"ab" * (3 << 20), b"cd" * (3 << 20)
    async with _echo(response=response) as (port, got):
        ticket = proxy.issue_ticket()
        reader, writer = await _dial(ticket)
        writer.write(_head(ticket, f"CONNECT {PUBLIC}:{port} HTTP/1.1") + sent)
        writer.write_eof()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        received = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert b"".join(got) == sent
    assert received == response


async def test_a_plain_request_arrives_without_proxy_headers(proxy: EgressProxy) -> None:
    async with _echo() as (port, got):
        ticket = proxy.issue_ticket()
        line = f"PUT http://{PUBLIC}:{port}/a?b=c HTTP/1.1"
        _, writer = await _dial(ticket)
        writer.write(_head(ticket, line, "Proxy-Connection: keep-alive", "Connection: keep-alive", "X-Y: z"))
        await until_async(lambda: b"\r\n\r\n" in b"".join(got))
        writer.close()
    lines = b"".join(got).split(b"\r\n")
    assert lines[0] == b"PUT /a?b=c HTTP/1.1"
    assert sorted(lines[1:-2]) == sorted([f"Host: {PUBLIC}:{port}".encode(), b"Connection: close", b"X-Y: z"])


async def test_a_restricted_ticket_allows_small_uploads_only(proxy: EgressProxy) -> None:
    async with _echo(response=b"done") as (port, _):
        ticket = proxy.issue_ticket()
        ticket.restrict_uploads()
        head = _head(ticket, f"CONNECT {PUBLIC}:{port} HTTP/1.1")
        reader, writer = await _dial(ticket)
        writer.write(head + b"small")
        writer.write_eof()
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"done")
        writer.close()
        reader, writer = await _dial(ticket)
        writer.write(head)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x" * (1 << 20))
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.transport.abort()


async def test_closing_the_proxy_closes_all_connections() -> None:
    async with _echo() as (port, got):
        async with open_egress_proxy(RULES) as proxy:
            ticket = proxy.issue_ticket()
            reader, writer = await _dial(ticket)
            writer.write(_head(ticket, f"CONNECT {PUBLIC}:{port} HTTP/1.1") + b"x")
            await until_async(lambda: got == [b"x"])
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 5)
        writer.transport.abort()


S3_KEYS = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}


async def test_a_store_at_a_forbidden_address(web: HostileWeb, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * (20 << 20))
    async with open_egress_proxy(RULES, Names()) as proxy:
        access = BucketAccess(proxy)
        for host in ("127.0.0.1", "meta.test", "nat64.test"):
            given = Credentials.model_validate({**S3_KEYS, "aws_url": f"https://{host}:{web.port}"})
            target = BucketWriter(find_bucket(CloudType.AWS, "bucket", given, access), UploadMemory(80 << 20))
            sources = BucketSource(access, DownloadLimits(1000), {CloudType.AWS: given})
            for work in (
                target.upload("a.bin", path, ObjectHeaders("video/mp4"), TransferMeter()),
                target.delete("a.bin"),
                sources.download(FileSource(url="s3://bucket/a.bin"), tmp_path, TransferMeter()),
            ):
                async with asyncio.timeout(10):  # retries would take minutes
                    with pytest.raises(AddressNotAllowed) as caught:
                        await work
                assert not caught.value.retryable
                assert "169.254" not in str(caught.value.as_problem())
    assert web.reached == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://ok.test",
        "ftp://ok.test",
        "https://a:b@ok.test",
        "https://ok.test/?x=y",
        "https://",
        "ok.test",
        "https://a b",
    ],
)
async def test_forbidden_endpoints(endpoint: str) -> None:
    async with open_egress_proxy(OutboundRules()) as proxy:
        given = Credentials.model_validate({**S3_KEYS, "aws_url": endpoint})
        with pytest.raises(AddressNotAllowed):
            find_bucket(CloudType.AWS, "bucket", given, BucketAccess(proxy))


async def test_the_worker_s_environment_is_not_used(
    web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"http://{PUBLIC}:{web.port}/metadata"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "workers-id",
        "AWS_SECRET_ACCESS_KEY": "workers-secret",
        "AWS_SESSION_TOKEN": "workers-token",
        "AWS_ENDPOINT_URL_S3": elsewhere,
        "AWS_METADATA_ENDPOINT": elsewhere,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": elsewhere,
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_PROXY_URL": elsewhere,
        "AZURE_STORAGE_ACCOUNT_KEY": "d29ya2Vycw==",
        "AZURE_STORAGE_SAS_TOKEN": "sig=workers",
        "AZURE_MSI_ENDPOINT": elsewhere,
        "GOOGLE_SERVICE_ACCOUNT_KEY": "{}",
        "GOOGLE_SERVICE_ACCOUNT": "/etc/passwd",
        "HTTPS_PROXY": elsewhere,
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    async with _echo() as (port, got), open_egress_proxy(RULES, Names()) as proxy:
        access = BucketAccess(proxy)
        for cloud, given in (
            (CloudType.AWS, {"aws_access_key_id": "id"}),
            (CloudType.AWS, {"aws_secret_access_key": "secret"}),
            (CloudType.AWS, {"aws_region": "eu-west-1"}),
            (CloudType.R2, S3_KEYS),
            (CloudType.GCP, {}),
            (CloudType.AZURE, {"azure_account_name": "media"}),
        ):
            with pytest.raises(InvalidJob) as caught:
                find_bucket(cloud, "bucket", Credentials.model_validate(given), access)
            assert caught.value.code == "credentials_missing"
        whole = Credentials.model_validate({**S3_KEYS, "aws_url": f"http://{PUBLIC}:{port}"})
        target = BucketWriter(find_bucket(CloudType.AWS, "bucket", whole, access), UploadMemory(80 << 20))
        removing = asyncio.ensure_future(target.delete("a.bin"))
        await until_async(lambda: b"\r\n\r\n" in b"".join(got))
        removing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await removing
        head = b"".join(got).lower()
        assert b"credential=id/" in head
        assert b"workers" not in head
    assert web.reached == []
