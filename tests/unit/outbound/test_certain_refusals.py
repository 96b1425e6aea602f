"""Which hosts are refused before their names are resolved."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ffmpeg_worker.outbound.rules import OutboundRules

PUBLIC = OutboundRules()
PRIVATE = OutboundRules(allow_hosts=frozenset({"queue.internal"}), allow_cidrs=(ip_network("10.1.0.0/16"),))
LOOPBACK = OutboundRules(allow_cidrs=(ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    ("rules", "host", "port", "may"),
    [
        (PUBLIC, "app.example", 443, True),
        (PUBLIC, "app.example", 8080, False),
        (PUBLIC, "93.184.215.14", 443, True),
        (PUBLIC, "10.1.0.1", 443, False),
        (PUBLIC, "fe80::1%eth0", 443, False),
        (PUBLIC, "localhost", 443, False),
        (PUBLIC, "a.LOCALHOST.", 443, False),
        (PUBLIC, "127.1", 443, False),
        (PUBLIC, "0x7f000001", 443, False),
        (PUBLIC, "queue.internal", 443, True),
        (PRIVATE, "queue.internal", 8080, True),
        (PRIVATE, "app.example", 8080, True),
        (PRIVATE, "10.1.0.1", 8080, True),
        (PRIVATE, "10.2.0.1", 443, False),
        (PRIVATE, "localhost", 443, False),
        (LOOPBACK, "localhost", 8080, True),
    ],
)
def test_what_may_be_allowed(rules: OutboundRules, host: str, port: int, may: bool) -> None:
    assert rules.may_allow(host, port) is may
