"""Numbers with units are found however they are written, and nothing else is taken for one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.numbers import equal, numbers

FOUND = {
    "figures": ("deleted within 90 days", ["90 days"]),
    "a hyphen": ("on a 90-day cycle", ["90 days"]),
    "words": ("deleted within ninety days", ["90 days"]),
    "words and figures": ("deleted within ninety (90) days", ["90 days"]),
    "a compound word": ("within twenty-four hours", ["24 hours"]),
    "a compound in two words": ("within twenty four hours", ["24 hours"]),
    "a hundred": ("one hundred days or a hundred days", ["100 days"]),
    "calendar days": ("within 30 calendar days", ["30 days"]),
    "business days": ("within 5 business days", ["5 business days"]),
    "months and years": ("minimum 12 months, typically 7 years", ["12 months", "7 years"]),
    "characters": ("minimum 12-character passwords", ["12 characters"]),
    "a percentage": ("is 100% secure", ["100 percent"]),
    "a version": ("tls 1.2+ or tls v1.3", ["TLS 1.2", "TLS 1.3"]),
    "ciphers": ("aes-256-gcm, aes-256 and aes 256-bit", ["AES-256-GCM", "AES-256"]),
    "how often": ("tested quarterly, made daily, weekly copies", ["quarterly", "daily", "weekly"]),
    "how often in other words": ("every day, once a week, each quarter, annually", ["daily", "weekly", "quarterly", "yearly"]),
    "two of them": ("rto is 4 hours and rpo is 24 hours", ["4 hours", "24 hours"]),
    "a fraction": ("within 3.5 days, 99.9% of the time", ["3.5 days", "99.9 percent"]),
    "thousands": ("1,000 days", ["1000 days"]),
    "a range": ("within 30-60 days, 5 to 7 years, one or two weeks", ["30 days", "60 days", "5 years", "7 years", "1 weeks", "2 weeks"]),
    "an article": ("within a month or an hour", ["1 months", "1 hours"]),
    "figures and words": ("within 7 (seven) days", ["7 days"]),
    "one twice": ("30 days after 30 days", ["30 days"]),
    "a section": ("see section 14", []),
    "a standard": ("soc 2 compliance", []),
    "a date": ("last updated: march 4, 2026", []),
    "a telephone number": ("phone: (888) 384-8018", []),
    "a word that begins like a unit": ("three yearbooks, 2 dayrooms", []),
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND.keys())
def test_numbers_of_a_clause(text: str, expected: list[str]) -> None:
    assert [each.written for each in numbers(text)] == expected


@given(st.text())
def test_any_text_has_numbers_or_none(text: str) -> None:
    numbers(text)


@given(st.integers(min_value=1, max_value=9999), st.sampled_from(["minutes", "hours", "days", "weeks", "months", "years", "characters"]))
def test_a_canonical_spelling_is_its_own(count: int, unit: str) -> None:
    (found,) = numbers(f"{count} {unit}")
    assert found.written == f"{count} {unit}"
    assert numbers(found.written) == (found,)


EQUAL = {
    "a duration in another unit": ("24 hours", "duration", "days", timedelta(days=1), True),
    "another duration": ("90 days", "duration", "days", timedelta(days=60), False),
    "quarterly": ("quarterly", "duration", "days", timedelta(days=92), True),
    "twelve months": ("12 months", "duration", "years", timedelta(days=366), True),
    "a cipher in a named mode": ("aes-256", "cipher", None, "AES-256-GCM", True),
    "a mode that the parameter does not name": ("aes-256-gcm", "cipher", None, "AES-256", False),
    "a version": ("tls 1.2", "tls-version", None, "1.2", True),
    "a count of another unit": ("12 characters", "count", "percent", 12, False),
    "a count for a duration": ("12 characters", "duration", "days", 12, False),
    "business days": ("5 business days", "duration", "days", timedelta(days=5), False),
    "a list": ("90 days", "names", None, ("90 days",), False),
}


@pytest.mark.parametrize(("text", "kind", "unit", "value", "expected"), EQUAL.values(), ids=EQUAL.keys())
def test_a_number_is_a_parameter_of_the_same_value(text: str, kind: str, unit: str | None, value: object, expected: bool) -> None:  # noqa: FBT001
    (number,) = numbers(text)
    assert equal(number, kind, unit, value) is expected
