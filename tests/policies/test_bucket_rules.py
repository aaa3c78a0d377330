"""With whom a bucket is shared: what is known is told, and what cannot be read is never taken for harmless."""

from __future__ import annotations

from typing import Any

import pytest

from policies.bucket_rules import shared_with
from policies.kinds import BUCKET, BUCKET_POLICY
from policies.readers.state import UNKNOWN, Resource


def of(kind: str, **outputs: Any) -> Resource:
    return Resource("urn", kind, "x", {}, outputs, protect=False, parent=None, dependencies=())


LOGS = of(BUCKET, name="logs", acl="private")
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}

POLICIES: dict[str, tuple[Any, Any, list[str | None]]] = {
    "a policy that denies": ("logs", {"Statement": [DENY]}, []),
    "a policy that says nothing": ("logs", {}, []),
    "a policy that allows": ("logs", {"Statement": [DENY, ALLOW]}, ['its policy lets "*" do "s3:GetObject"']),
    "one statement instead of a list": ("logs", {"Statement": ALLOW}, ['its policy lets "*" do "s3:GetObject"']),
    "a statement without an effect": ("logs", {"Statement": [{}]}, ["its policy lets null do null"]),
    "a policy of another bucket": ("objects", {"Statement": [ALLOW]}, []),
    "a policy of a bucket that is not known yet": (UNKNOWN, {"Statement": [ALLOW]}, [None]),
    "a policy that is not known yet": ("logs", UNKNOWN, [None]),
    "a policy that is no JSON": ("logs", "{", [None]),
    "a policy that is a list": ("logs", "[]", [None]),
    "statements that are a number": ("logs", {"Statement": 5}, [None]),
    "statements that are a word": ("logs", {"Statement": "allow"}, [None]),
    "a statement that is a word": ("logs", {"Statement": ["allow"]}, [None]),
}


@pytest.mark.parametrize("case", POLICIES)
def test_every_policy_is_read_or_not_known(case: str) -> None:
    bucket, policy, expected = POLICIES[case]
    assert list(shared_with(LOGS, [of(BUCKET_POLICY, bucket=bucket, policy=policy)])) == expected


@pytest.mark.parametrize(("acl", "told"), [("private", []), ("public-read", ["its ACL is public-read"]), ("", ["its ACL is not said"])])
def test_an_acl_is_private_or_told(acl: str, told: list[str]) -> None:
    assert list(shared_with(of(BUCKET, name="logs", acl=acl), [])) == told


def test_an_acl_that_is_not_known_is_not_private() -> None:
    assert list(shared_with(of(BUCKET, name="logs", acl=UNKNOWN), [])) == [None]
