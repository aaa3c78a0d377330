"""What the records of a zone say: full names, texts without their quotes, targets, and the walk over zones that every rule on names takes.

A name may be written relative to the zone or as `@`; a TXT record's content is one or several quoted strings that count as one text
(RFC 7208 3.3). What is not known yet is `None`: a judge that meets it answers *unknown*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from policies.findings import has_unknown, not_applicable, unknown, value
from policies.hygiene.base import verdict
from policies.kinds import RECORD
from policies.readers.state import Resource, Stack
from policies.zones import View, hedged, views
from promises.observations import Observation, Outcome

ELSEWHERE = "its names are served elsewhere: the zone is set up for CNAMEs only"

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def each_zone(stack: Stack, judge: Callable[[View], Iterable[Observation]]) -> Iterator[Observation]:
    """What a judge sees in every zone that is here; of a zone whose id is not known yet, only what is wrong in what is there."""
    for view in views(stack):
        yield from hedged(judge(view), view)


def each_named_zone(stack: Stack, expected: str, judge: Callable[[View, str], Iterable[Observation]]) -> Iterator[Observation]:
    """The same for judges that need the zone's own name, and its records: not for a zone whose names another server answers."""

    def named(view: View) -> Iterable[Observation]:
        apex = apex_of(view)
        if apex is None:
            return [unknown(view.name, expected, "the zone's own name is not known here")]
        if view.zone is not None and value(view.zone, "type") == "partial":
            return [not_applicable(view.name, expected, ELSEWHERE)]
        return judge(view, apex)

    return each_zone(stack, named)


def apex_of(view: View) -> str | None:
    """The zone's own name, in lower case."""
    name = value(view.zone, "name") if view.zone is not None else None
    return plain(name) if isinstance(name, str) and name else None


def plain(name: str) -> str:
    """A name as it is compared: lower case, without the final dot."""
    return name.strip().lower().removesuffix(".")


def full_name(record: Resource, apex: str) -> str | None:
    """The record's whole name; None while it is not known."""
    name = value(record, "name")
    if not isinstance(name, str):
        return None
    short = plain(name)
    if short in {"", "@"}:
        return apex
    return short if short == apex or short.endswith(f".{apex}") else f"{short}.{apex}"


def text(record: Resource) -> str | None:
    """A record's content: the quoted strings of a TXT joined, anything else as it is."""
    content = value(record, "content")
    if not isinstance(content, str):
        return None
    if not content.startswith('"'):
        return content
    return "".join(re.sub(r"\\(.)", r"\1", part) for part in _QUOTED.findall(content))


def kind(record: Resource) -> str | None:
    """The record's type in capitals."""
    seen = value(record, "type")
    return seen.upper() if isinstance(seen, str) else None


def of_type(view: View, *types: str) -> tuple[Resource, ...]:
    """The zone's records of these types, and those whose type is not known."""
    return tuple(record for record in view.of(RECORD) if kind(record) in (*types, None))


def texts_at(view: View, name: str, apex: str, start: str) -> list[str] | None:
    """The texts at a name that begin with `start` and then end or go on behind a gap; None when one may be hidden in what is not known."""
    found: list[str] = []
    for record in of_type(view, "TXT"):
        at, said = full_name(record, apex), text(record)
        if at is None or kind(record) is None or (at == name and said is None):
            return None
        if at == name and said is not None and re.match(rf"{re.escape(start)}\s*([\s;]|$)", said.strip(), re.IGNORECASE):
            found.append(said.strip())
    return found


Problem = Callable[[Resource, str], str | None]
"""What is wrong with a record of a zone: words, nothing (""), or None while that cannot be told."""


def each_record(view: View, apex: str, expected: str, problem: Problem) -> Iterator[Observation]:
    """One observation a record that is wrong or not known; one for the zone when there is none."""
    records = view.of(RECORD)
    fine = True
    for record in records:
        said = problem(record, apex)
        if said != "":
            fine = False
            yield _about(record, apex, expected, said)
    if fine:
        yield verdict(f"records of {view.name}", expected, "", f"{len(records)} looked at")


def _about(record: Resource, apex: str, expected: str, said: str | None) -> Observation:
    subject = f"record {full_name(record, apex) or record.name} {kind(record) or ''}".rstrip()
    return unknown(subject, expected) if said is None else Observation(subject, Outcome.FAIL, expected, said)


def data(record: Resource) -> dict[str, Any]:
    """The parts of a structured record; empty when it has none, or while some are not known."""
    found = value(record, "data")
    return dict(found) if isinstance(found, dict) and not has_unknown(found) else {}
