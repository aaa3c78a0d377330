"""`access.mfa`, `access.authentication`: Cloudflare's account demands a second factor, and every member has one.

DigitalOcean tells neither its team's members nor whether it demands a second factor (no public endpoint does), so that side is attested.
A member is named by an id, never by name or address. A member who has not accepted yet cannot enter and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, judged, not_applicable, or_nothing, passed, unknown, value
from policies.kinds import ACCOUNT, MEMBER
from policies.readers import cloudflare_account
from policies.readers.live import gather
from policies.readers.state import Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED_ACCOUNT = "a second factor is demanded of every member"
EXPECTED_MEMBER = "has a second factor"

MEND_ACCOUNT = "set enforce_twofactor on the account (Members > Settings), once every member has a second factor"
MEND_MEMBER = "let the member set up a second factor, or take the membership away"


@control("accounts.live", Surface.LIVE, "the account's own setting and every member's second factor, from Cloudflare")
def live(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure for it
    account = clients.settings.cloudflare.account_id
    return gather(cloudflare_account.sources(clients.cloudflare, account, ACCOUNT, MEMBER)).judged_in_part(judge)


def judge(stack: Stack) -> Iterator[Observation]:
    """The account, then its members; what could not be read is told by the reader."""
    yield from or_nothing((enforced(account) for account in stack.of(ACCOUNT)), "Cloudflare account", EXPECTED_ACCOUNT)
    yield from or_nothing((second_factor(member) for member in stack.of(MEMBER)), "member of the Cloudflare account", EXPECTED_MEMBER)


def enforced(account: Resource) -> Observation:
    settings = value(account, "settings")
    on = settings.get("enforceTwofactor") if isinstance(settings, Mapping) else None
    if on is None:
        return unknown("Cloudflare account", EXPECTED_ACCOUNT, "the answer does not say")
    return judged("Cloudflare account", EXPECTED_ACCOUNT, [] if on is True else ["not demanded"], "demanded", MEND_ACCOUNT)


def second_factor(member: Resource) -> Observation:
    subject, status, has = f"Cloudflare member {member.name[:8]}", value(member, "status"), value(member, "secondFactor")
    if status == "pending":
        return not_applicable(subject, EXPECTED_MEMBER, "has not accepted yet, and cannot enter")
    if has is None:
        return unknown(subject, EXPECTED_MEMBER, "the answer does not say")
    if has is not True:
        return failed(subject, EXPECTED_MEMBER, "none", MEND_MEMBER)
    return passed(subject, EXPECTED_MEMBER, "set up")
