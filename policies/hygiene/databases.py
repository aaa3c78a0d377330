"""Databases: a version that is still supported for a while, and a maintenance window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

from policies.findings import has_unknown, label, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.kinds import CLUSTER
from policies.readers.state import Resource
from promises.observations import Observation
from promises.wording import duration

ENDS: Mapping[tuple[str, str], date] = MappingProxyType(
    {
        ("pg", "13"): date(2025, 5, 13),
        ("pg", "14"): date(2026, 5, 12),
        ("pg", "15"): date(2027, 5, 12),
        ("pg", "16"): date(2028, 5, 9),
        ("pg", "17"): date(2029, 5, 8),
    }
)
"""When each major version stops being available, by engine (DigitalOcean's API description, August 2026)."""


@checks("database.version", CLUSTER)
def version(asked: Asked) -> Iterator[Observation]:
    return (_supported(asked, cluster) for cluster in asked.stack.of(CLUSTER))


def _supported(asked: Asked, cluster: Resource) -> Observation:
    """A version that is in no table is no pass: it may be long gone, or too new for this table."""
    notice = asked.duration("notice")
    subject, expected = label(cluster), f"a version available for another {duration(notice)}"
    engine, seen = value(cluster, "engine"), value(cluster, "version")
    if has_unknown((engine, seen)):
        return unknown(subject, expected)
    if seen is None:
        return verdict(subject, expected, "not set", "")
    end = ENDS.get((str(engine), str(seen).split(".")[0]))
    if end is None:
        return unknown(subject, expected, f"{engine} {seen}, whose end is not known here")
    said = f"{engine} {seen}, available until {end}"
    return verdict(subject, expected, said if asked.now.date() + notice >= end else "", said)


@checks("database.maintenance", CLUSTER)
def maintenance(asked: Asked) -> Iterator[Observation]:
    return (_window(cluster) for cluster in asked.stack.of(CLUSTER))


def _window(cluster: Resource) -> Observation:
    subject, expected, seen = label(cluster), "a day and an hour", value(cluster, "maintenanceWindows")
    if has_unknown(seen):
        return unknown(subject, expected)
    window = next(iter(seen or ()), None) or {}
    whole = bool(window.get("day")) and bool(window.get("hour"))
    return verdict(subject, expected, "" if whole else "not set", f"{window.get('day')} {window.get('hour')}")
