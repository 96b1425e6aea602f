"""Which addresses may be called, and the timeouts of a call."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ffmpeg_worker.settings import Settings

CONNECT_S = 5.0
ANSWER_S = 30.0
"""Seconds from the request to the end of the answer's headers, including name resolution."""
IDLE_S = 30.0

_PORTS = {80, 443, 8443}
# Some Python versions report `is_global` for these, although they lead into the local network or to a cloud's own
# services: NAT64, 6to4, Teredo and similar, and the metadata addresses of Azure, Oracle and Alibaba.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8 100.64.0.0/10 100.100.100.200/32 168.63.129.16/32 192.0.0.0/24 192.88.99.0/24 ::/96 "
        "::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/23 2002::/16 3fff::/20 5f00::/16 fec0::/10"
    ).split()
)
# Metadata services, which give a cloud's machines credentials: allowing a host name does not allow these.
_METADATA = tuple(
    ip_network(text)
    for text in "169.254.0.0/16 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fe80::/10 fd00:ec2::/32".split()
)


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """The addresses that may be called.

    `deny_cidrs` take precedence. An allowed host or network may be called on any port.
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
        if any(ip in network for network in self.deny_cidrs):
            return False
        if any(ip in network for network in self.allow_cidrs):
            return True
        if _normalize(host) in self.allow_hosts:
            return not any(ip in network for network in _METADATA)
        return (
            port in _PORTS
            and ip.is_global
            and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local)
            and not any(ip in network for network in _NOT_PUBLIC)
        )


def _normalize(host: str) -> str:
    return host.lower().rstrip(".")
