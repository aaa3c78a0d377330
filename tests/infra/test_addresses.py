"""Address plans: within their block, apart from one another, never where the cloud keeps addresses to itself."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra import addresses
from tests.infra.support import PLATFORMS, read

BLOCKS = [str(block) for private in addresses.PRIVATE for block in private.subnets(new_prefix=addresses.BLOCK_PREFIX)]
FREE = [block for block in BLOCKS if not any(IPv4Network(block).overlaps(each) for each in addresses.RESERVED)]


def ranges(block: str) -> tuple[IPv4Network, ...]:
    plan = addresses.plan(block)
    return IPv4Network(plan.application), IPv4Network(plan.keys)


@given(st.sampled_from(FREE))
def test_both_networks_lie_in_their_block_and_apart(block: str) -> None:
    application, keys = ranges(block)
    assert application.subnet_of(IPv4Network(block))
    assert keys.subnet_of(IPv4Network(block))
    assert not application.overlaps(keys)


@given(st.sampled_from(FREE), st.sampled_from(FREE))
def test_plans_of_two_blocks_never_overlap(one: str, other: str) -> None:
    assume(one != other)
    assert not any(mine.overlaps(theirs) for mine in ranges(one) for theirs in ranges(other))


@given(st.sampled_from(FREE))
def test_no_plan_touches_what_the_cloud_reserves(block: str) -> None:
    assert not any(mine.overlaps(each) for mine in ranges(block) for each in addresses.RESERVED)


def test_the_three_stacks_can_be_peered_and_share_an_account() -> None:
    found = [IPv4Network(each) for platform in PLATFORMS for each in vars(read(platform).addresses).values()]
    assert len(found) == 6
    assert not any(one.overlaps(other) for at, one in enumerate(found) for other in found[at + 1 :])


REFUSED = {
    "a public block": "8.8.0.0/16",
    "a smaller block": "10.10.0.0/20",
    "a larger block": "10.0.0.0/8",
    "host bits": "10.10.0.1/16",
    "IPv6": "fd00::/16",
    "a reserved block": "10.229.0.0/16",
    "a block that holds a reserved one": "10.246.0.0/16",
    "words": "ten",
}


@pytest.mark.parametrize("block", REFUSED.values(), ids=REFUSED.keys())
def test_a_block_that_cannot_be_planned_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        addresses.plan(block)
