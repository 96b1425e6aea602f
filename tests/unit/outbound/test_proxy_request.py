"""Requests to the egress proxy: what is read, and what is sent on."""

from __future__ import annotations

import socket

import pytest

from ffmpeg_worker.outbound.proxy_request import ProxyRequest, Rejected, read_request, split_authority


async def read(data: bytes) -> ProxyRequest:
    client, proxy = socket.socketpair()
    with client, proxy:
        proxy.setblocking(False)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return await read_request(proxy)


async def test_head_and_rest_are_split() -> None:
    request = await read(b"CONNECT h:443 HTTP/1.1\r\nA: b\r\n\r\nrest")
    assert request == ProxyRequest("CONNECT", "h:443", [b"A: b"], b"rest")
    assert request.is_tunnel
    assert request.authority == "h:443"
    assert request.forwarded_head() == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET http://h/ HTTP/1.1\r\n",
        b"GET http://h/\r\n\r\n",
        b"GET http://h/ HTTP/2\r\n\r\n",
        b"GET http://h/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"GET http://h/ HTTP/1.1\r\nA: \0\r\n\r\n",
        b"GET http://h/ HTTP/1.1\r\nA: " + b"x" * (1 << 17),
        "GET http://h/ü HTTP/1.1\r\n\r\n".encode(),
    ],
)
async def test_malformed_heads_are_rejected(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        await read(data)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("target", "authority", "line"),
    [
        ("http://h", "h:80", b"GET / HTTP/1.1"),
        ("http://h:8080/a?b", "h:8080", b"GET /a?b HTTP/1.1"),
        ("http://h?b", "h:80", b"GET /?b HTTP/1.1"),
        ("HTTP://[::1]/a", "[::1]:80", b"GET /a HTTP/1.1"),
    ],
)
def test_the_server_gets_a_plain_request(target: str, authority: str, line: bytes) -> None:
    headers = [b"Host: other", b"Proxy-Authorization: Basic x", b"Connection: keep-alive", b"A: b"]
    request = ProxyRequest("GET", target, headers, b"")
    assert request.authority == authority
    host = b"Host: " + target.partition("//")[2].partition("/")[0].partition("?")[0].encode()
    assert request.forwarded_head() == b"\r\n".join([line, host, b"Connection: close", b"A: b", b"", b""])


@pytest.mark.parametrize("headers", [[b"no colon"], [b" folded: x"], [b"\tfolded: x"]])
def test_malformed_headers_are_not_sent_on(headers: list[bytes]) -> None:
    with pytest.raises(Rejected):
        ProxyRequest("GET", "http://h/", headers, b"").forwarded_head()


@pytest.mark.parametrize("target", ["https://h/", "/a", "h:80", "ftp://h/"])
def test_only_http_urls_are_served_without_a_tunnel(target: str) -> None:
    with pytest.raises(Rejected):
        _ = ProxyRequest("GET", target, [], b"").authority


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        ([b"Proxy-Authorization: Basic abc"], b"abc"),
        ([b"proxy-authorization:BASIC  abc "], b"abc"),
        ([b"Proxy-Authorization: Bearer abc"], None),
        ([b"Authorization: Basic abc"], None),
        ([b"Proxy-Authorization: Basic a", b"Proxy-Authorization: Basic b"], None),
    ],
)
def test_credentials(headers: list[bytes], credentials: bytes | None) -> None:
    assert ProxyRequest("GET", "http://h/", headers, b"").credentials == credentials


@pytest.mark.parametrize(
    ("authority", "found"),
    [
        ("h.test:443", ("h.test", 443)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("h.test:0", None),
        ("h.test:65536", None),
        ("h.test", None),
        ("user@h.test:443", None),
        ("0x7f.1:443", None),
        ("2130706433:443", None),
        ("h.test%00:443", None),
    ],
)
def test_authorities(authority: str, found: tuple[str, int] | None) -> None:
    assert split_authority(authority) == found
