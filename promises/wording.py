"""Figures in words, the same in reasons, reports and messages: `92 days`, `3 days 4 hours`, `1 subject`."""

from __future__ import annotations

from datetime import timedelta

from promises.model import Parameter

_YEAR = timedelta(days=366)
_STEPS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(span: timedelta) -> str:
    """The two greatest units of a span, the smaller one cut, not rounded: 25 h is `1 day 1 hour`; exact days stay days."""
    seconds = int(abs(span).total_seconds())
    parts = []
    for noun, size in _STEPS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(plural(count, noun))
        elif parts:
            break
        if len(parts) == 2:
            break
    return ("-" if span < timedelta(0) else "") + (" ".join(parts) or "0 seconds")


def parameter(value: Parameter) -> str:
    """A parameter as a reader wants it; whole years (of 366 days) as such, long lists counted after the first four."""
    if isinstance(value, timedelta):
        years, rest = divmod(value, _YEAR)
        return plural(years, "year") if years and not rest else duration(value)
    if isinstance(value, tuple):
        head = ", ".join(value[:4])
        return head if len(value) <= 4 else f"{head} and {len(value) - 4} more"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
