"""Figures in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promises import wording
from promises.model import Parameter

SPANS = {
    "exact days": (timedelta(days=92), "92 days"),
    "one day": (timedelta(days=1), "1 day"),
    "the two greatest units": (timedelta(days=3, hours=4, minutes=5), "3 days 4 hours"),
    "nothing between them": (timedelta(days=3, minutes=5), "3 days"),
    "cut, not rounded": (timedelta(hours=1, minutes=59, seconds=59.9), "1 hour 59 minutes"),
    "seconds": (timedelta(seconds=1), "1 second"),
    "nothing": (timedelta(0), "0 seconds"),
    "before now": (timedelta(days=-2), "-2 days"),
}

PARAMETERS = {
    "a duration": (timedelta(days=90), "90 days"),
    "a text": ("1.2", "1.2"),
    "a number": (3, "3"),
    "a flag": (True, "yes"),
    "a short list": (("nyc", "sfo"), "nyc, sfo"),
    "a long list": (tuple("abcdef"), "a, b, c, d and 2 more"),
}


@pytest.mark.parametrize(("span", "words"), SPANS.values(), ids=SPANS.keys())
def test_duration(span: timedelta, words: str) -> None:
    assert wording.duration(span) == words


@pytest.mark.parametrize(("value", "words"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_parameter(value: Parameter, words: str) -> None:
    assert wording.parameter(value) == words
