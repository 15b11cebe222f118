"""What commands may reach, as an operator writes it, and as networks that are closed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.commands.addresses import why_refused
from punctual.domain.commands.reach import Reach, closed_networks, parse_reach, why_out_of_reach
from tests.unit.domain.commands.test_addresses import NOT_PUBLIC, PUBLIC, wrapped

INTERNET = Reach(internet=True)


def is_closed(address: str, reach: Reach = INTERNET) -> bool:
    """As the packet filter decides, which knows networks alone."""
    given_address = ip_address(address.partition("%")[0])
    return any(given_address in each for networks in closed_networks(reach) for each in networks)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("all", None),
        ("", None),
        ("internet", INTERNET),
        (
            " internet, 10.1.0.0/16,fd00::/8",
            Reach(internet=True, networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8"))),
        ),
        ("10.1.2.3", Reach(internet=False, networks=(ip_network("10.1.2.3/32"),))),
    ],
)
def test_it_is_all_or_the_internet_and_networks(text: str, reach: Reach | None) -> None:
    assert parse_reach(text) == reach


@pytest.mark.parametrize("text", ["world", "internet,all", "10.0.0.1/8", "internet;10.0.0.0/8"])
def test_what_is_neither_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no network"):
        parse_reach(text)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, *PUBLIC])
def test_the_packet_filter_closes_what_requests_may_not_reach(address: str) -> None:
    assert is_closed(address) == (address in NOT_PUBLIC)
    assert (why_out_of_reach(address, INTERNET) is not None) == (address in NOT_PUBLIC)


@pytest.mark.parametrize("address", [each for each in [*NOT_PUBLIC, *PUBLIC] if ":" not in each])
def test_an_address_that_stands_for_another_is_as_closed_as_that(address: str) -> None:
    for other in wrapped(address)[1:]:  # the first is sent as a packet of IPv4
        assert is_closed(other) == (address in NOT_PUBLIC), other


addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.integers(0, 2**96 - 1).map(lambda rest: IPv6Address(0x64FF9B << 96 | rest >> 64)),
    st.integers(0, 2**112 - 1).map(lambda rest: IPv6Address(0x2002 << 112 | rest)),
)


@given(addresses)
def test_filter_and_requests_agree_on_every_address(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return
    assert is_closed(str(address)) == (why_refused(str(address)) is not None)


def test_named_networks_are_open_and_alone_close_the_internet() -> None:
    reach = parse_reach("10.1.0.0/16")
    assert reach is not None
    assert why_out_of_reach("10.1.2.3", reach) is None
    assert why_out_of_reach("1.1.1.1", reach) == "in none of the networks that are named"
    assert is_closed("1.1.1.1", reach)
    assert is_closed("2606:4700::1111", reach)
