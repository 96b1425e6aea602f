"""Rules of outbound calls: the addresses that may be called, and timeouts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ffmpeg_worker.outbound.embedded_ipv4 import embedded_ipv4, last_32_bits
from ffmpeg_worker.settings import Settings

CONNECT_S = 5.0
ANSWER_S = 30.0
"""Seconds from the request to the end of the answer's headers, including name resolution."""
IDLE_S = 30.0

_PORTS = {80, 443, 8443}
_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
# Some Python versions report `is_global` for these, although they lead into the local network or to a cloud's own
# services: NAT64, 6to4, Teredo and similar, and the metadata addresses of Azure, Oracle and Alibaba.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8 100.64.0.0/10 100.100.100.200/32 168.63.129.16/32 192.0.0.0/24 192.88.99.0/24 ::/96 "
        "::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/23 2002::/16 3fff::/20 5f00::/16 fec0::/10"
    ).split()
)
# Metadata services, which give a cloud's machines credentials: allowing a host name does not allow these, nor does
# allowing a network of IPv6 from which packets are translated to them.
_METADATA = tuple(
    ip_network(text)
    for text in "169.254.0.0/16 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fe80::/10 fd00:ec2::/32".split()
)
# Only single addresses: any IPv6 address may end with two bytes that look like a network.
_METADATA_HOSTS = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254 169.254.170.2 169.254.170.23 169.254.0.23 169.254.42.42 100.100.100.200 168.63.129.16 "
        "192.0.0.192"
    ).split()
)


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """The addresses that may be called.

    `deny_cidrs` take precedence. An allowed host or network may be called on any port. A metadata service may be
    called only if `allow_cidrs` contain its own address.
    """

    allow_http: bool = False
    allow_hosts: frozenset[str] = frozenset()
    allow_cidrs: tuple[IPv4Network | IPv6Network, ...] = ()
    deny_cidrs: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> OutboundRules:
        """The rules that the operator has set."""
        return cls(
            settings.allow_http_inputs,
            frozenset(_normalize(host) for host in settings.fetch_allow_hosts),
            settings.fetch_allow_cidrs,
            settings.fetch_deny_cidrs,
        )

    def allows(self, address: str, port: int, host: str) -> bool:
        """Whether an address may be called.

        Args:
            address: IP address that `host` was resolved to.
            port: TCP port.
            host: the host of the URL.
        """
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        reached: set[IPv4Address | IPv6Address] = {ip}
        if isinstance(ip, IPv6Address):
            reached |= set(embedded_ipv4(ip))
        if any(_is_in(each, self.deny_cidrs) for each in reached):
            return False
        metadata = {each for each in reached if _is_in(each, _METADATA)}
        if isinstance(ip, IPv6Address) and last_32_bits(ip) in _METADATA_HOSTS:
            metadata.add(last_32_bits(ip))
        if any(not _is_in(each, self.allow_cidrs) for each in metadata):
            return False
        if _is_in(ip, self.allow_cidrs) or _normalize(host) in self.allow_hosts:
            return True
        return (
            port in _PORTS
            and ip.is_global
            and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local)
            and not _is_in(ip, _NOT_PUBLIC)
        )

    def may_allow(self, host: str, port: int) -> bool:
        """Whether a host may turn out to be allowed; false where it certainly is not, whatever its name means."""
        if _ip_of(host) is not None:
            return self.allows(host, port, host)
        name = _normalize(host)
        if name in self.allow_hosts:
            return True
        labels = name.split(".")
        if labels[-1] == "localhost":
            return any(_is_in(ip, self.allow_cidrs) for ip in _LOOPBACK)
        if _NUMBER.fullmatch(labels[-1]):
            return False  # an IPv4 address in another notation
        return port in _PORTS or bool(self.allow_cidrs)


def _ip_of(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_in(ip: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(ip in network for network in networks)


def _normalize(host: str) -> str:
    return host.lower().rstrip(".")
