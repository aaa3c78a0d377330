"""What changed between two versions of a text: clauses, the promises they carry, and who must be told. Pure.

1. A clause is known by its digest: what only moved, or was laid out anew, did not change.
2. A clause that is gone and a new one that reads alike (`ALIKE` of their words in common, in order) are one *changed* clause; the rest
   are *removed* and *added*.
3. A changed or removed clause carries the promises that the catalog binds to its old wording. A change is material when it carries
   a promise, or brings a clause of which the catalog does not say that it binds nobody (headings apart): nobody has read it yet.
4. Material changes are told to the audience that the catalog promises to tell (`audience` of the promise about changes).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from promises.clauses import Clause
from promises.model import Catalog

ALIKE = 0.6
"""From which share of common words two clauses are versions of one another."""

AUDIENCE, CHANNELS = "audience", "channels"


class Sort(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """`old` and `new` are the clauses before and after (None where there is none); `promises` the ids that the old one carries."""

    sort: Sort
    old: Clause | None
    new: Clause | None
    promises: tuple[str, ...]
    material: bool


@dataclass(frozen=True)
class Difference:
    """Changes in the order of the new text, removals last; who must be told of them, and how (empty where nothing is material)."""

    changes: tuple[Change, ...]
    audience: tuple[str, ...]
    channels: tuple[str, ...]

    @property
    def material(self) -> bool:
        return any(change.material for change in self.changes)

    @property
    def promises(self) -> tuple[str, ...]:
        """Every promise that some change touches, each once."""
        return tuple(dict.fromkeys(each for change in self.changes for each in change.promises))


def differ(old: Sequence[Clause], new: Sequence[Clause], catalog: Catalog) -> Difference:
    """The changes from `old` to `new` (`promises.clauses.split` of each) under the catalog of the old text."""
    before, after = {each.digest for each in old}, {each.digest for each in new}
    gone = [each for each in old if each.digest not in after]
    come = [each for each in new if each.digest not in before]
    pairs = _pairs(gone, come)
    changes = [_change(pairs.get(each.index), each, catalog) for each in come]
    paired = {each.index for each in pairs.values()}
    changes += [_change(each, None, catalog) for each in gone if each.index not in paired]
    material = any(change.material for change in changes)
    return Difference(tuple(changes), _told(catalog, AUDIENCE) if material else (), _told(catalog, CHANNELS) if material else ())


def _pairs(gone: Sequence[Clause], come: Sequence[Clause]) -> dict[int, Clause]:
    """The old version of each new clause (by its index) that has one; the likest first, each clause in one pair."""
    candidates = ((_alike(old, new), -new.index, -old.index, old) for old in gone for new in come)
    likeness = sorted(candidates, key=lambda each: each[:3], reverse=True)
    found: dict[int, Clause] = {}
    taken: set[int] = set()
    for share, new_index, _, old in likeness:
        if share >= ALIKE and -new_index not in found and old.index not in taken:
            found[-new_index] = old
            taken.add(old.index)
    return found


def _alike(old: Clause, new: Clause) -> float:
    return difflib.SequenceMatcher(None, old.text.split(), new.text.split(), autojunk=False).ratio()


def _change(old: Clause | None, new: Clause | None, catalog: Catalog) -> Change:
    sort = Sort.REMOVED if new is None else Sort.ADDED if old is None else Sort.CHANGED
    carried = tuple(promise.id for promise in catalog.promises if old is not None and old.digest in promise.clauses)
    harmless = {each.clause for each in catalog.binds_nobody}
    unread = new is not None and new.kind != "heading" and new.digest not in harmless
    return Change(sort, old, new, carried, bool(carried) or unread)


def _told(catalog: Catalog, parameter: str) -> tuple[str, ...]:
    """What the platform's promise about changes says under that name."""
    values = (promise.parameters.get(parameter) for promise in catalog.promises if promise.id.startswith("policy."))
    return tuple(each for value in values if isinstance(value, tuple) for each in value)
