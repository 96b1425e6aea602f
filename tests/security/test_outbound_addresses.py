"""Requests to this machine and its network are refused, and no hostile server blocks the worker."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
from yarl import URL

from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob, WorkerError
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound import client
from ffmpeg_worker.outbound.addresses import follow_redirect, read_address
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.headers import check_headers
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.servers.hostile_web import PUBLIC, HostileWeb, Names, open_hostile_web

LIMITS = DownloadLimits(1 << 20, window_s=0.3, retries=0)
RULES = OutboundRules(allow_http=True, allow_cidrs=(ip_network(f"{PUBLIC}/32"),))
REFUSED = "address_not_allowed"

# Address ("PORT" is the server's) and the error; `None`: the file is fetched.
TABLE: dict[str, tuple[str, str | None]] = {
    "a public name": ("http://ok.test:PORT/ok", None),
    "a public address": ("http://127.0.0.9:PORT/ok", None),
    "loopback": ("http://127.0.0.1:PORT/ok", REFUSED),
    "localhost": ("http://localhost:PORT/ok", REFUSED),
    "localhost with a dot": ("http://localhost.:PORT/ok", REFUSED),
    "decimal": ("http://2130706433:PORT/ok", REFUSED),
    "octal": ("http://0177.0.0.1:PORT/ok", REFUSED),
    "hexadecimal": ("http://0x7f000001:PORT/ok", REFUSED),
    "hexadecimal parts": ("http://0x7f.0x0.0x0.0x1:PORT/ok", REFUSED),
    "short": ("http://127.1:PORT/ok", REFUSED),
    "zero": ("http://0.0.0.0:PORT/ok", REFUSED),
    "zero, short": ("http://0:PORT/ok", REFUSED),
    "IPv6 loopback": ("http://[::1]:PORT/ok", REFUSED),
    "IPv6 unspecified": ("http://[::]:PORT/ok", REFUSED),
    "mapped": ("http://[::ffff:127.0.0.1]:PORT/ok", REFUSED),
    "mapped in hexadecimal": ("http://[::ffff:7f00:1]:PORT/ok", REFUSED),
    "compatible": ("http://[::127.0.0.1]:PORT/ok", REFUSED),
    "NAT64": ("http://[64:ff9b::7f00:1]:PORT/ok", REFUSED),
    "6to4": ("http://[2002:7f00:1::]:PORT/ok", REFUSED),
    "link-local with a zone": ("http://[fe80::1%25lo]:PORT/ok", REFUSED),
    "metadata": ("http://169.254.169.254/latest/meta-data/", REFUSED),
    "metadata by name": ("http://meta.test/latest/meta-data/", REFUSED),
    "mapped by name": ("http://mapped.test:PORT/ok", REFUSED),
    "NAT64 by name": ("http://nat64.test:PORT/ok", REFUSED),
    "a name with a private and a public address": ("http://multi.test:PORT/ok", None),
    "redirect": ("http://ok.test:PORT/redirect?/ok", None),
    "redirect to loopback": ("http://ok.test:PORT/redirect?http://127.0.0.1:PORT/ok", REFUSED),
    "redirect to metadata": ("http://ok.test:PORT/redirect?http://169.254.169.254/", REFUSED),
    "redirect to a file": ("http://ok.test:PORT/redirect?file:///etc/passwd", REFUSED),
    "redirect to gopher": ("http://ok.test:PORT/redirect?gopher://127.0.0.1/", REFUSED),
    "redirect to //host": ("http://ok.test:PORT/redirect?//127.0.0.1:PORT/ok", REFUSED),
    "redirect with a user": ("http://ok.test:PORT/redirect?http://a:b@ok.test:PORT/ok", REFUSED),
    "redirect nowhere": ("http://ok.test:PORT/redirect?http://[", REFUSED),
    "name changes between redirects": ("http://rebind.test:PORT/redirect?http://rebind.test:PORT/ok", REFUSED),
    "redirect loop": ("http://ok.test:PORT/loop", REFUSED),
    "user": ("http://ok.test:PORT@127.0.0.1:PORT/ok", REFUSED),
    "empty user": ("http://@127.0.0.9:PORT/ok", REFUSED),
    "backslash": ("http://ok.test:PORT\\@127.0.0.1:PORT/ok", REFUSED),
    "full-width dots": ("http://127。0。0。1:PORT/ok", REFUSED),
    "circled digits": ("http://①②⑦.0.0.1:PORT/ok", REFUSED),
    "newline": ("http://ok.test:PORT/ok\r\nX: y", REFUSED),
    "blank": ("http://ok.test:PORT/o k", REFUSED),
    "no host": ("http:///ok", REFUSED),
    "port 0": ("http://127.0.0.9:0/ok", REFUSED),
    "port too large": ("http://127.0.0.9:99999/ok", REFUSED),
    "a service's port": ("http://1.1.1.1:22/", REFUSED),
    "file": ("file:///etc/passwd", REFUSED),
    "data": ("data:text/plain,hi", REFUSED),
    "unknown name": ("http://nowhere.test:PORT/ok", "source_unreachable"),
    "declared too large": ("http://ok.test:PORT/big", "source_too_large"),
    "endless": ("http://ok.test:PORT/endless", "source_too_large"),
    "slow body": ("http://ok.test:PORT/slow", "source_incomplete_transfer"),
    "slow head": ("http://ok.test:PORT/slow-head", "source_unreachable"),
    "compressed": ("http://ok.test:PORT/gzip", "source_bad_answer"),
    "large headers": ("http://ok.test:PORT/header-bomb", "source_bad_answer"),
    "many headers": ("http://ok.test:PORT/many-headers", "source_bad_answer"),
    "short body": ("http://ok.test:PORT/short", "source_incomplete_transfer"),
    "not HTTP": ("http://ok.test:PORT/not-http", "source_bad_answer"),
}


@pytest_asyncio.fixture
async def web() -> AsyncIterator[HostileWeb]:
    async with open_hostile_web() as opened:
        yield opened


@pytest.mark.parametrize("name", TABLE)
async def test_addresses(name: str, web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_S", 0.5)
    address, expected = TABLE[name]
    url = address.replace("PORT", str(web.port))
    remote = HttpSource(OutboundClient(RULES, Names()), LIMITS)
    found = None
    try:
        found_file = await remote.download(FileSource(url=url), tmp_path, TransferMeter())
        assert found_file.path.read_bytes() == b"hello"
    except WorkerError as error:
        found = error.code
        problem = str(error.as_problem()).replace(url, "")
        assert not [text for text in ("169.254.169.254", "64:ff9b", "::1'", "hello") if text in problem], problem
        assert list(tmp_path.iterdir()) == []
    assert found == expected
    assert set(web.reached) <= {PUBLIC}


@pytest.mark.parametrize(
    "address",
    "10.0.0.1 172.16.0.1 192.168.1.1 127.0.0.1 0.0.0.0 100.64.0.1 100.100.100.200 169.254.169.254 168.63.129.16 "
    "192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 "
    "255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 "
    "2001::1 2001:db8::1 2002:a00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 "
    "ff02::1".split(),
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not OutboundRules().allows(address, 443, "host.test")


def test_public_addresses() -> None:
    for address in ("1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"):
        assert OutboundRules().allows(address, 443, "host.test")
        assert not OutboundRules().allows(address, 22, "host.test")


def test_allow_and_deny_lists() -> None:
    rules = OutboundRules(
        allow_hosts=frozenset({"minio.lan"}),
        allow_cidrs=(ip_network("10.1.0.0/16"),),
        deny_cidrs=(ip_network("10.1.9.0/24"), ip_network("1.1.1.0/24")),
    )
    assert rules.allows("10.1.0.1", 9000, "x.test")
    assert rules.allows("::ffff:10.1.0.1", 9000, "x.test")
    assert not rules.allows("10.2.0.1", 443, "x.test")
    assert rules.allows("10.2.0.1", 9000, "MinIO.lan.")
    assert not rules.allows("169.254.169.254", 80, "minio.lan")
    assert not rules.allows("10.1.9.1", 443, "minio.lan")
    assert not rules.allows("1.1.1.1", 443, "x.test")


# 169.254.169.254 is a9fe:a9fe, and inverted 5601:5601.
_METADATA = (
    "169.254.169.254 168.63.129.16 100.100.100.200 ::ffff:169.254.169.254 ::a9fe:a9fe ::ffff:0:a9fe:a9fe "
    "64:ff9b::a9fe:a9fe 64:ff9b::169.254.1.2 64:ff9b:1::a9fe:a9fe 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:a9:fe:a9fe:: "
    "64:ff9b:1:0:a9:fea9:fe00:: 2002:a9fe:a9fe:: 2002:a9fe:a9fe::1 2002:6464:64c8::1 2001:0:a9fe:a9fe::1 "
    "2001:0:102:304::5601:5601 fe80::1 fe80::5efe:a9fe:a9fe 2606:4700::5efe:169.254.9.9 "
    "2606:4700::200:5efe:a83f:8110 fd00:ec2::254 2606:4700:64::a9fe:a9fe 2606:4700:64::169.254.170.2"
).split()


@pytest.mark.parametrize("address", _METADATA)
def test_an_allowed_host_does_not_lead_to_metadata(address: str) -> None:
    assert not OutboundRules(allow_hosts=frozenset({"minio.lan"})).allows(address, 80, "minio.lan")
    assert not OutboundRules().allows(address, 80, "x.test")


def test_an_allowed_network_of_a_translator_does_not_lead_to_metadata() -> None:
    rules = OutboundRules(allow_cidrs=(ip_network("64:ff9b::/96"),))
    assert rules.allows("64:ff9b::a01:203", 80, "x.test")
    assert not rules.allows("64:ff9b::a9fe:a9fe", 80, "x.test")


@pytest.mark.parametrize(
    "address", "64:ff9b::a01:203 2002:a01:203::1 64:ff9b:1:a01:2:300:: 2001:0:102:304::f5fe:fdfc".split()
)
def test_denied_networks_have_one_meaning_in_every_notation(address: str) -> None:
    hosts = frozenset({"minio.lan"})
    assert OutboundRules(allow_hosts=hosts).allows(address, 80, "minio.lan")
    denying = OutboundRules(allow_hosts=hosts, deny_cidrs=(ip_network("10.1.2.0/24"),))
    assert not denying.allows(address, 80, "minio.lan")


def test_addresses_that_only_look_like_others() -> None:
    """The last four bytes of an address of IPv6 mean nothing by themselves."""
    denying = OutboundRules(allow_hosts=frozenset({"x.lan"}), deny_cidrs=(ip_network("0.0.0.0/8"),))
    for address in ("2606:4700:4700::1111", "fd12::a9fe:1", "2606:4700::a9fe:1234"):
        assert denying.allows(address, 443, "x.lan")
    named = OutboundRules(allow_cidrs=(ip_network("169.254.169.254/32"), ip_network("64:ff9b::/96")))
    assert named.allows("169.254.169.254", 80, "x.test")
    assert named.allows("64:ff9b::a9fe:a9fe", 80, "x.test")
    assert not named.allows("64:ff9b::a9fe:a9fd", 80, "x.test")


async def test_plain_http_is_refused_unless_allowed(web: HostileWeb, tmp_path: Path) -> None:
    remote = HttpSource(OutboundClient(OutboundRules(allow_cidrs=RULES.allow_cidrs), Names()), LIMITS)
    with pytest.raises(AddressNotAllowed) as caught:
        await remote.download(FileSource(url=f"http://ok.test:{web.port}/ok"), tmp_path, TransferMeter())
    assert "FFMPEG_WORKER_ALLOW_HTTP_INPUTS" in f"{caught.value.hint}"
    assert web.reached == []


def test_no_redirect_from_https_to_http() -> None:
    with pytest.raises(AddressNotAllowed):
        follow_redirect(URL("https://ok.test/"), "http://ok.test/", "https://ok.test/", RULES)


def test_signed_queries_are_sent_unchanged() -> None:
    address = "https://ok.test/a%2Fb%20c.mp4?X-Amz-Credential=id%2F1&sig=a%2Bb%3D+c"
    assert str(read_address(address, RULES)) == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nHost: b"),
        ("X", "a\nb"),
        ("X", "a\0b"),
        ("X", "a\ud800b"),
        ("X\r\nY", "a"),
        ("", "a"),
        ("X Y", "a"),
        ("Host", "a"),
        ("transfer-ENCODING", "chunked"),
        ("Content-Length", "5"),
        ("Connection", "close"),
        ("Accept-Encoding", "gzip"),
        ("Range", "bytes=0-"),
        ("Proxy-Authorization", "x"),
        ("X", "a" * 9000),
    ],
)
def test_forbidden_headers(name: str, value: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        check_headers({name: value})
    assert caught.value.code == "invalid_header"
    assert value not in caught.value.message or len(value) < 2


def test_allowed_headers() -> None:
    check_headers({"Authorization": "Bearer a.b-c", "Cookie": "a=b", "X-Größe"[:3]: "ü"})


async def test_proxies_of_the_environment_are_not_used(
    web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{web.port}")
    remote = HttpSource(OutboundClient(RULES, Names()), LIMITS)
    with contextlib.suppress(WorkerError):
        await remote.download(FileSource(url=f"http://ok.test:{web.port}/ok"), tmp_path, TransferMeter())
    assert web.reached == [PUBLIC]


@pytest.mark.parametrize("host", ["xn--", "xn--.com", "a.xn--", "xn--0.pt", "[::1", "%00", "a..b:443:1"])
async def test_hosts_that_are_no_names(host: str) -> None:
    with pytest.raises(AddressNotAllowed):
        async with OutboundClient(OutboundRules()).get(f"https://{host}/", {}, {}):
            pass
