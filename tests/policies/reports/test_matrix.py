"""The promises by standard."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from policies.reports.matrix import TITLES, matrix
from policies.reports.page import render
from promises.kinds import FRAMEWORKS, Standards
from tests.policies.reports.sample import report

NONE = dict.fromkeys(FRAMEWORKS, ())


def paired(*each: Standards | None):
    whole = report()
    return tuple(replace(entry, standards=one) for entry, one in zip(whole.entries, each, strict=False))


def test_every_framework_has_a_title() -> None:
    assert set(TITLES) == set(FRAMEWORKS)


def test_requirements_stand_in_the_order_of_their_numbers() -> None:
    entries = paired(Standards({**NONE, "iso27001": ("A.8.10", "A.8.9")}, (), "", None), None)
    (standard,) = matrix(entries)
    assert [each.id for each in standard.requirements] == ["A.8.9", "A.8.10"]


def test_promises_meet_at_their_requirement_and_reviews_are_counted() -> None:
    entries = paired(
        Standards({**NONE, "gdpr": ("32(1)(a)",)}, ("32(1)(a)",), "", None),
        Standards({**NONE, "gdpr": ("32(1)(a)",)}, (), "counsel", date(2031, 1, 1)),
    )
    (standard,) = matrix(entries)
    (requirement,) = standard.requirements
    assert [(each.confirmed, each.reviewed) for each in requirement.promises] == [(False, False), (True, True)]
    assert (standard.pairings, standard.unreviewed) == (2, 1)


def test_without_pairings_there_is_no_section() -> None:
    assert matrix(paired(None, None)) == ()
    whole = report()
    bare = replace(whole, entries=tuple(replace(each, standards=None) for each in whole.entries))
    assert "By standard" not in render(bare)


def test_the_page_says_that_nobody_has_reviewed_the_pairings() -> None:
    assert "have not been reviewed by a person yet: take them as suggestions" in render(report())
