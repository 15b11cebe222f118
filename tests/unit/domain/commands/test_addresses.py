"""Which addresses a request may go to."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.commands.addresses import EVERYTHING, parse_allowed, why_refused

NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1"),
    *("172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "169.254.169.254"),
    *("169.254.0.1", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    *("::127.0.0.1", "2001::1", "2001:db8::1", "64:ff9b:1::1", "100::1", "5f00::1", "4000::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
    *("2606:4700::1111", "2a00:1450:4001:800::200e", "2400:cb00::1"),
]


def wrapped(v4: str) -> list[str]:
    """The addresses that packets for this one can also be sent by."""
    number = int(IPv4Address(v4))
    return [
        f"::ffff:{v4}",
        str(IPv6Address(0x64FF9B << 96 | number)),
        str(IPv6Address(0x2002 << 112 | number << 80 | 1)),
    ]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused_in_words(address: str) -> None:
    assert (why_refused(address) or "").startswith(("a ", "an "))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert why_refused(address) is None


@pytest.mark.parametrize("v4", [one for one in NOT_PUBLIC + PUBLIC if ":" not in one])
def test_an_address_within_another_is_judged_as_itself(v4: str) -> None:
    for address in wrapped(v4):
        assert why_refused(address) == why_refused(v4)
        if why_refused(v4):
            assert why_refused(address, allowed=parse_allowed("172.0.0.0/8, 10.0.0.0/8")) == (
                why_refused(v4, allowed=parse_allowed("172.0.0.0/8, 10.0.0.0/8"))
            )


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_let_through(address: object) -> None:
    given = ip_address(str(address))
    if not given.is_global and not str(given).startswith("2002:"):
        assert why_refused(str(given)) is not None


@given(st.ip_addresses(), st.integers(0, 32))
def test_an_operator_can_allow_any_network(address: object, bits: int) -> None:
    allowed = parse_allowed(f"{address}/32" if ":" not in str(address) else f"{address}/128")
    assert why_refused(str(address), allowed=allowed) is None
    assert why_refused(str(address), allowed=EVERYTHING) is None


def test_what_is_allowed_is_networks_or_true() -> None:
    assert parse_allowed("") == ()
    assert parse_allowed(" True ") == EVERYTHING
    assert [str(one) for one in parse_allowed("10.0.0.0/8, ::1")] == ["10.0.0.0/8", "::1/128"]
    for wrong in ("10.0.0.1/8", "localhost", "yes"):
        with pytest.raises(ValueError, match=r".+"):
            parse_allowed(wrong)
