"""What a figure in a catalog may look like, and what it means: every number stands with its unit.

| type          | written                     | becomes            |
|---------------|-----------------------------|--------------------|
| `duration`    | `90 days`, `24 hours`       | `timedelta`        |
| `tls-version` | `TLS 1.2`                   | `"1.2"`            |
| `cipher`      | `AES-256-GCM`, `AES-256`    | the same text      |
| `count`       | `12 characters`             | the count          |
| `flag`        | `true`                      | bool               |
| `regions`     | `[nyc, sfo]`                | tuple of prefixes  |
| `ports`       | `[tcp/443]`                 | tuple              |
| `networks`    | `[198.51.100.7/32]`         | tuple, canonical   |
| `identifiers` | list of 32 hex digits       | tuple              |
| `names`       | `[buyers, log-sink]`        | tuple              |
| `processors`  | the third parties' names    | tuple              |

A duration is written in the unit its kind names, so that a reader compares like with like; `24 hours` where days are asked for is
refused, and a bare `90` always. A year is counted as 366 days and a month as its twelfth: from 12 months on no calendar is longer, so that
what must be *kept* so long is never given up early. Use them for such terms only, and days for what must be done in time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from promises.model import Parameter
from promises.nodes import Entry

UNITS: Mapping[str, timedelta] = MappingProxyType(
    {
        "minutes": timedelta(minutes=1),
        "hours": timedelta(hours=1),
        "days": timedelta(days=1),
        "weeks": timedelta(weeks=1),
        "months": timedelta(days=366) / 12,
        "years": timedelta(days=366),
    }
)
COUNTS = ("characters", "percent")
CIPHERS = ("AES-256-GCM", "AES-256")
TLS_VERSIONS = ("TLS 1.2", "TLS 1.3")

_DURATION = re.compile(r"([1-9][0-9]{0,5}) ([a-z]+)")
_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})")


def duration(entry: Entry, unit: str | None = None) -> timedelta:
    """`<count> <unit>`, count above zero; `unit` is the one that must be used (its singular is fine)."""
    value = entry.text()
    example = f"write for example `90 {unit or 'days'}`"
    match = _DURATION.fullmatch(value)
    if re.fullmatch(r"[-+]?[0-9._]+", value):
        raise entry.error(f"the figure {value} has no unit", f"write `{value} {unit or 'days'}`")
    if not match:
        raise entry.error(f"{value!r} is no duration", example)
    count, written = int(match[1]), match[2] if match[2].endswith("s") else match[2] + "s"
    if written not in UNITS:
        raise entry.error(f"unknown unit {match[2]!r} in {value!r}", f"write it in {unit or ', '.join(UNITS)}")
    if unit and written != unit:
        raise entry.error(f"{value!r} is in {written}, but this parameter is in {unit}", f"write it in {unit}")
    return count * UNITS[written]


def _tls_version(entry: Entry) -> str:
    value = entry.text()
    if value not in TLS_VERSIONS:
        problem = f"the figure {value} has no unit" if re.fullmatch(r"[0-9.]+", value) else f"{value!r} is no TLS version we accept"
        raise entry.error(problem, "write `TLS 1.2` or `TLS 1.3`")
    return value.removeprefix("TLS ")


def _cipher(entry: Entry) -> str:
    return entry.one_of(CIPHERS, "cipher")


def _region(entry: Entry) -> str:
    value = entry.text()
    if not re.fullmatch(r"[a-z]{3}[0-9]*", value):
        raise entry.error(f"{value!r} is no region prefix", "write three letters, as in `nyc`")
    return value


def _port(entry: Entry) -> str:
    match = _PORT.fullmatch(entry.text())
    if not match or int(match[2]) > 65535:
        raise entry.error(f"{entry.text()!r} is no port with its protocol", "write for example `tcp/443`")
    return entry.text()


def _network(entry: Entry) -> str:
    value = entry.text()
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        raise entry.error(f"{value!r} is no network ({error})", "write address/prefix, as in `198.51.100.0/24`") from None
    if "/" not in value:
        raise entry.error(f"{value!r} has no prefix length", f"write `{network}`")
    if network.prefixlen == 0:
        raise entry.error(f"{value} is everybody", "list the networks that are meant")
    return str(network)


def _identifier(entry: Entry) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", entry.text()):
        raise entry.error(f"{entry.text()!r} is no identifier", "write its 32 hexadecimal digits in lower case")
    return entry.text()


def _listed_name(entry: Entry) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9.-]{1,60}", entry.text()):
        raise entry.error(f"{entry.text()!r} is no plain name", "write lower-case letters, digits, dots and hyphens")
    return entry.text()


def _counted(entry: Entry, unit: str | None) -> int:
    match = re.fullmatch(rf"([1-9][0-9]{{0,5}}) {unit}", entry.text())
    if not match:
        raise entry.error(f"{entry.text()!r} is no count of {unit}", f"write for example `12 {unit}`")
    return int(match[1])


_ONE: Mapping[str, Callable[[Entry], str]] = MappingProxyType({"tls-version": _tls_version, "cipher": _cipher})
_MANY: Mapping[str, Callable[[Entry], str]] = MappingProxyType(
    {
        "regions": _region,
        "ports": _port,
        "networks": _network,
        "identifiers": _identifier,
        "names": _listed_name,
        "processors": _listed_name,
    }
)
TYPES = ("duration", "count", "flag", *_ONE, *_MANY)


def read(entry: Entry, kind: str, unit: str | None) -> Parameter:
    """A parameter's value by its type's name; lists hold at least one element and none twice."""
    if kind == "duration":
        return duration(entry, unit)
    if kind == "count":
        return _counted(entry, unit)
    if kind == "flag":
        return entry.flag()
    if kind in _ONE:
        return _ONE[kind](entry)
    found: list[str] = []
    for item in entry.items():
        value = _MANY[kind](item)
        if value in found:
            raise item.error(f"{value} is listed twice", "keep one of the two")
        found.append(value)
    if not found:
        raise entry.error("the list is empty", f"list at least one of the {kind}")
    return tuple(found)
