"""IPv4 addresses inside IPv6 addresses: translators and tunnels deliver packets for these to the IPv4 address."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network

# NAT64 (RFC 6052), IPv4-compatible and IPv4-translated addresses.
_IPV4_AT_THE_END = tuple(ip_network(text) for text in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
# NAT64 for a network's own use (RFC 8215); its owner chooses one of the prefix lengths of RFC 6052.
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
_TEREDO = ip_network("2001::/32")
_6TO4 = ip_network("2002::/16")
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}
_MASK = (1 << 32) - 1


def last_32_bits(address: IPv6Address) -> IPv4Address:
    """The IPv4 address in the last 32 bits, where NAT64 has it behind any prefix of 96 bits."""
    return IPv4Address(int(address) & _MASK)


def embedded_ipv4(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that packets for this address are delivered to, by the notation's own meaning."""
    bits = int(address)
    if any(address in network for network in _IPV4_AT_THE_END) or bits >> 32 & _MASK in _ISATAP:
        yield last_32_bits(address)
    if address in _6TO4:
        yield IPv4Address(bits >> 80 & _MASK)
    if address in _TEREDO:
        yield IPv4Address(bits >> 64 & _MASK)
        yield IPv4Address(~bits & _MASK)
    if address in _LOCAL_NAT64:
        yield last_32_bits(address)
        # Bits 64 to 71 are not used: the address continues behind them (RFC 6052, section 2.2).
        without_gap = bits >> 64 << 56 | bits & ((1 << 56) - 1)
        for prefix in (48, 56, 64):
            yield IPv4Address(without_gap >> (120 - 32 - prefix) & _MASK)
