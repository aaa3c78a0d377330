"""The account and each member by themselves: only a second factor that is surely there passes."""

from __future__ import annotations

from typing import Any

import pytest

from policies.controls.accounts import enforced, judge, second_factor
from policies.kinds import ACCOUNT, MEMBER
from policies.readers.live import resource
from policies.readers.state import Resource, Stack
from promises.observations import Outcome

ACCOUNTS: dict[str, tuple[Any, Outcome]] = {
    "demanded": ({"enforceTwofactor": True}, Outcome.PASS),
    "not demanded": ({"enforceTwofactor": False}, Outcome.FAIL),
    "a word instead": ({"enforceTwofactor": "true"}, Outcome.FAIL),
    "not said": ({}, Outcome.UNKNOWN),
    "said to be nothing": ({"enforceTwofactor": None}, Outcome.UNKNOWN),
    "no settings": (None, Outcome.UNKNOWN),
    "settings of another shape": ([True], Outcome.UNKNOWN),
}

MEMBERS: dict[str, tuple[dict[str, Any], Outcome]] = {
    "has one": ({"status": "accepted", "secondFactor": True}, Outcome.PASS),
    "has none": ({"status": "accepted", "secondFactor": False}, Outcome.FAIL),
    "a word instead": ({"status": "accepted", "secondFactor": "yes"}, Outcome.FAIL),
    "not said": ({"status": "accepted", "secondFactor": None}, Outcome.UNKNOWN),
    "has not accepted yet": ({"status": "pending", "secondFactor": None}, Outcome.NOT_APPLICABLE),
    "has not accepted yet, and has none": ({"status": "pending", "secondFactor": False}, Outcome.NOT_APPLICABLE),
    "a status nobody knows, and none": ({"status": "suspended", "secondFactor": False}, Outcome.FAIL),
}


def account(settings: Any) -> Resource:
    return resource(ACCOUNT, "Illumacom", id="a1", settings=settings)


def member(**said: Any) -> Resource:
    return resource(MEMBER, "4f5b1c77aa00", id="4f5b1c77aa00", **said)


@pytest.mark.parametrize("case", ACCOUNTS)
def test_an_account(case: str) -> None:
    settings, outcome = ACCOUNTS[case]
    seen = enforced(account(settings))
    assert (seen.subject, seen.outcome) == ("Cloudflare account", outcome)
    assert bool(seen.mend) is (outcome is Outcome.FAIL)


@pytest.mark.parametrize("case", MEMBERS)
def test_a_member(case: str) -> None:
    said, outcome = MEMBERS[case]
    seen = second_factor(member(**said))
    assert (seen.subject, seen.outcome) == ("Cloudflare member 4f5b1c77", outcome)
    assert bool(seen.mend) is (outcome is Outcome.FAIL)


def judged(*found: Resource) -> list[tuple[str, Outcome]]:
    return [(each.subject, each.outcome) for each in judge(Stack("", found, ""))]


def test_everybody_is_judged() -> None:
    good, bad = {"status": "accepted", "secondFactor": True}, {"status": "accepted", "secondFactor": False}
    seen = judged(member(**good), account({"enforceTwofactor": True}), member(**bad))
    assert seen == [
        ("Cloudflare account", Outcome.PASS),
        ("Cloudflare member 4f5b1c77", Outcome.PASS),
        ("Cloudflare member 4f5b1c77", Outcome.FAIL),
    ]


def test_no_account_and_no_member_prove_nothing() -> None:
    assert judged() == [("Cloudflare account", Outcome.UNKNOWN), ("member of the Cloudflare account", Outcome.UNKNOWN)]
    assert judged(account({"enforceTwofactor": True}))[1:] == [("member of the Cloudflare account", Outcome.UNKNOWN)]
