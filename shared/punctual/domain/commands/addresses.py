"""Addresses that a request may go to: public ones, and those that an operator allows."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

EVERYTHING: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))

# Metadata first, as nothing is worse to hit; most of it lies in the link-local and private ones.
_NOT_PUBLIC_TEXT = {
    "a cloud's metadata address": """169.254.169.254/32 169.254.170.2/32 168.63.129.16/32
        100.100.100.200/32 192.0.0.192/32 fd00:ec2::254/128 fd20:ce::254/128""",
    "a loopback address": "127.0.0.0/8 ::1/128",
    "a link-local address": "169.254.0.0/16 fe80::/10",
    "a private address": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10",
    "an address shared by a carrier's customers": "100.64.0.0/10",
    "a multicast address": "224.0.0.0/4 ff00::/8",
    "an address that no public host has": """0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
        198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 2001::/23 2001:db8::/32
        3fff::/20""",
}
NOT_PUBLIC: dict[str, tuple[Network, ...]] = {
    word: tuple(ip_network(one) for one in networks.split())
    for word, networks in _NOT_PUBLIC_TEXT.items()
}
_GLOBAL_6 = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


def parse_allowed(text: str) -> tuple[Network, ...]:
    """Read what an operator allows: networks between commas, or true for everything.

    Raises ValueError, naming what is no network.
    """
    if text.strip().lower() == "true":
        return EVERYTHING
    return parse_networks(text)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks between commas; raises ValueError, naming what is none."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def why_refused(address: str, *, allowed: tuple[Network, ...] = ()) -> str | None:
    """Return why no request may go to this address, or None when one may.

    An address that stands for another one (IPv4-mapped, NAT64, 6to4) is judged by both. Raises
    ValueError for what is no address.
    """
    given = ip_address(address.partition("%")[0])
    meant = _embedded(given)
    if any(one in network for one in (given, meant) for network in allowed):
        return None
    for word, networks in NOT_PUBLIC.items():
        if any(meant in network for network in networks):
            return word
    if isinstance(meant, IPv6Address) and meant not in _GLOBAL_6:
        return "an address that no public host has"
    return None


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that packets for this one end up at, if any."""
    if isinstance(address, IPv4Address):
        return address
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address
