"""Lengths of time on the command line: a count and a unit, as in the catalog ("92 days", "26 hours")."""

from __future__ import annotations

import re
from datetime import timedelta

import click

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
"""Seconds in a unit."""


class Duration(click.ParamType[timedelta]):
    """`<count> <unit>`; a bare figure is refused."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,5}) ([a-z]+?)s?", str(value).strip())
        if not match or match[2] not in UNITS:
            self.fail(f"{value!r} is no length of time; write a count and a unit, for example '92 days'", param, ctx)
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
