"""What commands may reach by network: the internet, networks that an operator names, or all."""

from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from punctual.domain.commands.addresses import NOT_PUBLIC, Network, why_refused

ALL = "all"
INTERNET = "internet"
_GLOBAL_6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


class Reach(NamedTuple):
    """The networks that are named, and whether public addresses may be reached."""

    internet: bool
    networks: tuple[Network, ...] = ()


def parse_reach(text: str) -> Reach | None:
    """Read `all`, which is None, or a list of `internet` and networks; raises ValueError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or words == [ALL]:
        return None
    networks = (word for word in words if word != INTERNET)
    return Reach(INTERNET in words, tuple(_network(word) for word in networks))


def why_out_of_reach(address: str, reach: Reach) -> str | None:
    """Return why commands may not connect to an address, or None when they may."""
    given = ip_address(address.partition("%")[0])
    if any(given in network for network in reach.networks):
        return None
    return why_refused(address) if reach.internet else "in none of the networks that are named"


def closed_networks(reach: Reach) -> tuple[list[IPv4Network], list[IPv6Network]]:
    """Return what is closed but for `reach.networks`, those that stand for other ones included."""
    if not reach.internet:
        return [IPv4Network("0.0.0.0/0")], [IPv6Network("::/0")]
    closed = [network for networks in NOT_PUBLIC.values() for network in networks]
    version_4 = [network for network in closed if isinstance(network, IPv4Network)]
    version_6 = [network for network in closed if isinstance(network, IPv6Network)]
    version_6 += list(_around(_GLOBAL_6, _NAT64))
    for network in version_4:
        version_6.append(_embedded(_NAT64, network, bits=96))
        version_6.append(_embedded(_6TO4, network, bits=16))
    return version_4, version_6


def _network(word: str) -> Network:
    for kind in (IPv4Network, IPv6Network):
        try:
            return kind(word)
        except ValueError:
            continue
    raise ValueError(f"{word!r} is no network")


def _around(*open_networks: IPv6Network) -> list[IPv6Network]:
    """Return all of IPv6 but these networks."""
    rest = [IPv6Network("::/0")]
    for network in open_networks:
        cut: list[IPv6Network] = []
        for each in rest:
            cut += each.address_exclude(network) if network.subnet_of(each) else [each]
        rest = cut
    return rest


def _embedded(prefix: IPv6Network, network: IPv4Network, *, bits: int) -> IPv6Network:
    """Return the addresses of IPv6 that stand for a network of IPv4, which follows `bits` bits."""
    shifted = int(network.network_address) << (128 - bits - 32)
    return IPv6Network((int(prefix.network_address) | shifted, bits + network.prefixlen))
