"""The promises by standard: which of them are paired with a requirement, and how they stand. Ids and our own words only.

A pairing is a judgement, not a measurement, and this says of no requirement that it is met: it lists the promises paired with it, each
with its verdict. A pairing counts for nothing until a person has reviewed it, so each says whether one has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promises.kinds import FRAMEWORKS

if TYPE_CHECKING:
    from policies.reports.model import Entry

TITLES = {
    "soc2": "SOC 2 (Trust Services Criteria 2017)",
    "iso27001": "ISO/IEC 27001:2022, Annex A",
    "nist80053": "NIST SP 800-53, revision 5",
    "gdpr": "GDPR",
    "ccpa": "CCPA",
    "dpp": "The marketplace's data protection policy",
}


@dataclass(frozen=True)
class Paired:
    """A promise paired with a requirement; `confirmed` says that the id was found in a public library."""

    entry: Entry
    confirmed: bool
    reviewed: bool


@dataclass(frozen=True)
class Requirement:
    id: str
    promises: tuple[Paired, ...]


@dataclass(frozen=True)
class Standard:
    title: str
    requirements: tuple[Requirement, ...]

    @property
    def pairings(self) -> int:
        return sum(len(each.promises) for each in self.requirements)

    @property
    def unreviewed(self) -> int:
        return sum(not paired.reviewed for each in self.requirements for paired in each.promises)


def matrix(entries: Iterable[Entry]) -> tuple[Standard, ...]:
    """Every standard that some promise is paired with; requirements in the order of their numbers, promises in the catalog's."""
    rows: dict[str, dict[str, list[Paired]]] = {name: {} for name in FRAMEWORKS}
    for entry in entries:
        standards = entry.standards
        if standards is None:
            continue
        for name, ids in standards.requirements.items():
            for each in ids:
                paired = Paired(entry, each not in standards.unconfirmed, bool(standards.reviewed_by))
                rows[name].setdefault(each, []).append(paired)
    return tuple(
        Standard(TITLES[name], tuple(Requirement(each, tuple(found[each])) for each in sorted(found, key=_natural)))
        for name, found in rows.items()
        if found
    )


def _natural(text: str) -> list[tuple[int, str]]:
    """So that A.8.9 comes before A.8.10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]
