"""Address texts as sets: every spelling of "everybody", and agreement with a set of numbers however a range is cut up."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.addresses import INTERNAL, Addresses, network

EVERYBODY = {
    "the usual spelling": ["0.0.0.0/0"],
    "the short spelling": ["0/0"],
    "two halves": ["0.0.0.0/1", "128.0.0.0/1"],
    "two halves in the short spelling": ["0/1", "128/1"],
    "four quarters, mixed up": ["128.0.0.0/2", "0.0.0.0/2", "192.0.0.0/2", "64.0.0.0/2"],
    "IPv4 inside IPv6": ["::ffff:0:0/96"],
    "IPv4 inside IPv6, dotted": ["::ffff:0.0.0.0/96"],
    "host bits that do not matter": ["1.2.3.4/0"],
    "with a balancer's prefix": ["cidr:0.0.0.0/0"],
    "everybody beside somebody": ["198.51.100.7", "0.0.0.0/0"],
}


@pytest.mark.parametrize("case", EVERYBODY)
def test_everybody_is_everybody(case: str) -> None:
    found = Addresses.parse(EVERYBODY[case])
    assert found == Addresses.parse(["0.0.0.0/0"])
    assert found.too_wide()


def test_every_ipv6_address_is_too_wide() -> None:
    assert Addresses.parse(["::/0"]).too_wide()
    assert Addresses.parse(["::/1", "8000::/1"]) == Addresses.parse(["::/0"])


NOT_WIDE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fd00::/8", "203.0.113.0/24", "2001:db8::/48", "ip:8.8.8.8"]


@pytest.mark.parametrize("text", NOT_WIDE)
def test_one_site_and_private_networks_are_not_too_wide(text: str) -> None:
    assert not Addresses.parse([text]).too_wide()


@pytest.mark.parametrize("text", ["203.0.113.0/23", "2001:db8::/47", "172.0.0.0/8", "fc00::/6"])
def test_more_than_one_site_is_too_wide(text: str) -> None:
    assert Addresses.parse([text]).too_wide()


@pytest.mark.parametrize("text", ["example.com", "", "1.2.3", "300/8", "1.2.3.4/33", "web"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        network(text)


WHOLE = ipaddress.ip_network("198.51.100.0/24")
BLOCKS = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
    lambda pair: ipaddress.IPv4Network((int(WHOLE.network_address) + pair[0], pair[1]), strict=False)
)


def numbers(blocks: list[ipaddress.IPv4Network]) -> set[int]:
    return {int(address) for block in blocks for address in block}


@given(st.lists(BLOCKS, max_size=6), BLOCKS)
def test_agrees_with_a_set_of_numbers(blocks: list[ipaddress.IPv4Network], block: ipaddress.IPv4Network) -> None:
    assert Addresses.of(blocks).holds(block) == (numbers([block]) <= numbers(blocks))


@given(BLOCKS, st.integers(0, 4))
def test_cutting_a_range_changes_nothing(block: ipaddress.IPv4Network, cuts: int) -> None:
    pieces = list(block.subnets(new_prefix=min(32, block.prefixlen + cuts)))
    assert Addresses.of(reversed(pieces)) == Addresses.of([block])


@given(BLOCKS)
def test_ipv4_inside_ipv6_is_ipv4(block: ipaddress.IPv4Network) -> None:
    assert network(f"::ffff:{block.network_address}/{block.prefixlen + 96}") == block


@given(st.ip_addresses(v=4))
def test_internal_addresses_are_those_of_the_registries(address: ipaddress.IPv4Address) -> None:
    """Python's own list of private addresses is wider: it holds documentation and reserved ranges, which are no network of ours."""
    if INTERNAL.holds(network(address)):
        assert address.is_private
