"""The address plan: both private networks of a stack, out of one block. Pure.

    10.10.0.0/16                 the stack's block (`kept:addressBlock`), disjoint from every other stack's
      10.10.0.0/20               application, jobs, collector, balancer, database
      10.10.16.0/24              keys
      10.10.17.0 and above       free

Networks that are peered, and networks of one account in one region, may not overlap: two different blocks never do.

>>> plan("10.10.0.0/16").keys
'10.10.16.0/24'
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Network

BLOCK_PREFIX = 16
APPLICATION_PREFIX = 20
KEYS_PREFIX = 24

PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918: where private networks may lie."""

RESERVED = tuple(IPv4Network(each) for each in ("10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24"))
"""What DigitalOcean keeps to itself in every region (docs.digitalocean.com/products/networking/vpc, limits)."""

RULE = "a private IPv4 block of /16 that the cloud does not reserve, like 10.10.0.0/16"


@dataclass(frozen=True)
class AddressPlan:
    """The ranges of the networks, as CIDRs."""

    application: str
    keys: str


def plan(block: str) -> AddressPlan:
    """The plan within a block; `ValueError` when the block is none."""
    whole = read_block(block)
    application = next(whole.subnets(new_prefix=APPLICATION_PREFIX))
    after = application.broadcast_address + 1
    return AddressPlan(str(application), str(IPv4Network((after, KEYS_PREFIX))))


def read_block(text: str) -> IPv4Network:
    """A block that may be planned in; `ValueError` names what is wrong with it."""
    block = ipaddress.IPv4Network(text)
    if block.prefixlen != BLOCK_PREFIX or not any(block.subnet_of(each) for each in PRIVATE):
        raise ValueError(f"{text} is not {RULE}")
    if any(block.overlaps(each) for each in RESERVED):
        raise ValueError(f"{text} is reserved by the cloud")
    return block
