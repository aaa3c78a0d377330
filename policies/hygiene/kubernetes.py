"""Kubernetes, for those who run it: patches by themselves, upgrades that add nodes first, a supported release, single sign-on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from policies.findings import has_unknown, label, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.kinds import KUBERNETES
from policies.readers.state import UNKNOWN, Resource
from promises.observations import Observation
from promises.wording import duration

NONE = "there is no Kubernetes cluster here"

ENDS: Mapping[str, date] = MappingProxyType(
    {
        "1.31": date(2025, 11, 11),
        "1.32": date(2026, 2, 28),
        "1.33": date(2026, 6, 28),
        "1.34": date(2026, 10, 27),
        "1.35": date(2027, 2, 28),
        "1.36": date(2027, 6, 28),
    }
)
"""When each release ends (kubernetes.io/releases, read in autumn 2026). Older ones have ended."""


def _each(asked: Asked, judge: Callable[[Resource], Observation]) -> Iterator[Observation]:
    return (judge(cluster) for cluster in asked.stack.of(KUBERNETES))


@checks("kubernetes.auto-upgrade", KUBERNETES, none=NONE)
def auto_upgrade(asked: Asked) -> Iterator[Observation]:
    return _each(asked, lambda cluster: _flag(cluster, "autoUpgrade", "automatic patch upgrades"))


@checks("kubernetes.surge-upgrade", KUBERNETES, none=NONE)
def surge_upgrade(asked: Asked) -> Iterator[Observation]:
    return _each(asked, lambda cluster: _flag(cluster, "surgeUpgrade", "surge upgrades"))


def _flag(cluster: Resource, name: str, words: str) -> Observation:
    seen, expected = value(cluster, name), f"{words} on"
    if seen is UNKNOWN:
        return unknown(label(cluster), expected)
    return verdict(label(cluster), expected, "" if seen is True else "not set" if seen is None else "off", "on")


@checks("kubernetes.version", KUBERNETES, none=NONE)
def version(asked: Asked) -> Iterator[Observation]:
    return _each(asked, lambda cluster: _supported(asked, cluster))


def _supported(asked: Asked, cluster: Resource) -> Observation:
    """`1.35.2-do.0` is of release 1.35. A release older than the table has ended; a newer one is not known here."""
    notice, seen = asked.duration("notice"), value(cluster, "version")
    subject, expected = label(cluster), f"a release supported for another {duration(notice)}"
    if seen is UNKNOWN or seen is None:
        return unknown(subject, expected)
    found = re.match(r"(\d+)\.(\d+)", str(seen))
    if found is None:
        return unknown(subject, expected, f"{seen} is no version")
    if (int(found[1]), int(found[2])) < min(tuple(map(int, each.split("."))) for each in ENDS):
        return verdict(subject, expected, f"{seen}, which has ended", "")
    end = ENDS.get(found[0])
    if end is None:
        return unknown(subject, expected, f"{seen}, whose end is not known here")
    return verdict(subject, expected, f"{seen}, ends on {end}" if asked.now.date() + notice >= end else "", f"{seen}, ends on {end}")


@checks("kubernetes.sso", KUBERNETES, none=NONE)
def sso(asked: Asked) -> Iterator[Observation]:
    return _each(asked, _signed_on)


def _signed_on(cluster: Resource) -> Observation:
    """On, and required: beside it a token would still do."""
    seen, expected = value(cluster, "ssos"), "single sign-on enabled and required"
    if has_unknown(seen):
        return unknown(label(cluster), expected)
    block: Any = next(iter(seen or ()), None) or {}
    problem = "not set" if not block.get("enabled") else "" if block.get("required") is True else "not required: tokens still do"
    return verdict(label(cluster), expected, problem, "enabled and required")
