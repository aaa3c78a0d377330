"""What the zone says about mail and certificates."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import baseline
from infra.records import Record, records, text
from tests.infra.support import PLATFORMS, read


def found(platform: str, **changes: str | None) -> dict[str, Record]:
    return {each.label: each for each in records(read(platform, **changes))}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_authorities_are_named_and_told_where_to_report(platform: str) -> None:
    caa = [each.data for each in records(read(platform)) if each.type == "CAA"]
    assert {each["value"] for each in caa if each["tag"] == "issue"} == set(baseline.CERTIFICATE_AUTHORITIES)
    assert {each["value"] for each in caa if each["tag"] == "issuewild"} == set(baseline.CERTIFICATE_AUTHORITIES)
    assert [each["value"] for each in caa if each["tag"] == "iodef"] == ["mailto:on-duty@operations.example"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_forged_mail_is_rejected(platform: str) -> None:
    record = found(platform)["dmarc"]
    assert record.name == f"_dmarc.{platform}.example"
    assert "p=reject" in str(record.content)


def test_a_platform_that_sends_through_postmark_says_so() -> None:
    said = found("illumacom")
    assert said["spf"].content == '"v=spf1 include:spf.mtasv.net -all"'
    assert said["dkim"].name == "postmark._domainkey.illumacom.example"
    assert "p=MII" in str(said["dkim"].content)


def test_a_platform_that_sends_none_says_that_nobody_does() -> None:
    said = found("luggage")
    assert said["spf"].content == '"v=spf1 -all"'
    assert said["dkim"].name == "*._domainkey.luggage.example"
    assert said["dkim"].content == '"v=DKIM1; p="'


def test_no_mail_is_taken_unless_exchangers_are_named() -> None:
    said = found("illumacom")
    assert (said["mx-none"].content, said["mx-none"].priority) == (".", 0)
    named = found("illumacom", mailExchangers="mx1.mail.example, mx2.mail.example")
    assert "mx-none" not in named
    assert [(named[label].content, named[label].priority) for label in ("mx-1", "mx-2")] == [
        ("mx1.mail.example", 10),
        ("mx2.mail.example", 20),
    ]


@given(st.text(alphabet="abc=;+/ ", min_size=1, max_size=1200))
def test_a_long_text_is_whole_strings_of_at_most_255(content: str) -> None:
    parts = re.findall(r'"([^"]*)"', text(content))
    assert "".join(parts) == content
    assert all(len(part) <= 255 for part in parts)
