"""Two versions of a text: what changed, what that carries, and who must be told."""

from __future__ import annotations

import pytest

from promises import clauses
from promises.differing import Difference, Sort, differ
from promises.loading import load_catalog
from promises.model import Catalog
from tests.promises.test_tracing import TEXT, catalog


def difference(new: str, old: str = TEXT, of: Catalog | None = None) -> Difference:
    return differ(clauses.split(old), clauses.split(new), of or catalog())


def told(found: Difference) -> list[tuple[Sort, tuple[str, ...], bool]]:
    return [(each.sort, each.promises, each.material) for each in found.changes]


CASES = {
    "nothing": (TEXT, []),
    "another layout": (TEXT.replace(". ", ".\n"), []),
    "another order": (TEXT.replace("We weigh every parcel. ", "") + "We weigh every parcel.\n", []),
    "a figure": (TEXT.replace("45 days", "60 days"), [(Sort.CHANGED, ("label.kept",), True)]),
    "a promise withdrawn": (TEXT.replace("We weigh every parcel. ", ""), [(Sort.REMOVED, ("parcel.weighed",), True)]),
    "a new sentence": (TEXT + "We also sell hats to whoever asks.\n", [(Sort.ADDED, (), True)]),
    "a new heading": (TEXT + "\nHats\n", [(Sort.ADDED, (), False)]),
    "a sentence that binds nobody withdrawn": (
        TEXT.replace("Nobody under 18 years of age may send parcels.\n", ""),
        [(Sort.REMOVED, (), False)],
    ),
    "a sentence for another": (
        TEXT.replace("We weigh every parcel.", "Our drivers wear blue."),
        [(Sort.ADDED, (), True), (Sort.REMOVED, ("parcel.weighed",), True)],
    ),
}


@pytest.mark.parametrize(("new", "expected"), CASES.values(), ids=CASES.keys())
def test_changes(new: str, expected: list[tuple[Sort, tuple[str, ...], bool]]) -> None:
    assert told(difference(new)) == expected


def test_each_clause_is_in_one_pair_and_the_likest_wins() -> None:
    old = "We keep parcel labels for 45 days. We keep parcel photographs for 45 days."
    new = "We keep parcel labels for 60 days. We keep parcel photographs for 60 days."
    assert [(each.old.index, each.new.index) for each in difference(new, old).changes if each.old and each.new] == [(0, 0), (1, 1)]


def test_the_audience_is_told_of_what_is_material_only() -> None:
    shipped = load_catalog("illumacom", None)
    found = difference("We sell hats to all.", "We sell hats.", shipped)
    assert (found.audience, found.channels) == (("merchants",), ("mail", "page"))
    harmless = difference("", "Nothing of this is in the catalog.", shipped)
    assert told(harmless) == [(Sort.REMOVED, (), False)]
    assert (harmless.audience, harmless.channels, harmless.material) == ((), (), False)
