"""A text is traced clause by clause: nothing unclaimed, no number unbound, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promises import clauses
from promises.kinds import Kinds, read_kinds
from promises.loading import read_catalog
from promises.model import Catalog
from promises.nodes import CatalogError
from promises.tracing import Trace, choose, trace

TEXT = """\
Parcels

We keep labels for 45 days. We weigh every parcel. Lost labels are deleted within thirty days of a complaint.
Nobody under 18 years of age may send parcels.
"""
HEADING, KEEP, WEIGH, LOST, AGE = (each.digest for each in clauses.split(TEXT))

KINDS = """\
jobs:
  verify: looks
kinds:
  label.kept:
    title: Labels are kept
    meaning: No label is older than its limit.
    severity: low
    parameters:
      limit: {type: duration, unit: days, meaning: longest time}
      lost: {type: duration, unit: days, meaning: longest time after a complaint}
      spare: {type: duration, unit: days, meaning: another term}
    proofs:
      - {surface: live, planned: comes later, max_age: 2 days}
  parcel.weighed:
    title: Parcels are weighed
    meaning: Every parcel is weighed.
    severity: low
    parameters: {}
    proofs:
      - {surface: live, planned: comes later, max_age: 2 days}
"""

CATALOG = f"""\
platform: warehouse
policy: {{in_force: 2031-05-02, sha256: {clauses.text_digest(TEXT)}}}
promises:
  - id: label.kept
    section: "1"
    parameters: {{limit: 45 days, lost: 30 days, spare: 31 days}}
    clauses:
      - {KEEP}
      - {LOST}
  - id: parcel.weighed
    section: "1"
    clauses: [{WEIGH}]
binds_nobody:
  - {{clause: {HEADING}, reason: a heading, reviewer: ""}}
  - clause: {AGE}
    reason: says for whom the service is
    reviewer: counsel
    numbers:
      - {{number: 18 years, reason: an age}}
schedule: {{verify: 1 day}}
data_map:
  - table: labels
    scope: merchant
    subject: customer
    primary_key: id
    columns:
      - {{name: id, id: 1, category: system.operations}}
"""


def table() -> Kinds:
    return read_kinds(KINDS, "kinds.yaml")


def catalog(before: str = "", after: str = "") -> Catalog:
    assert before in CATALOG
    return read_catalog(CATALOG.replace(before, after, 1), None, file="warehouse.yaml", table=table())


def traced(of: Catalog, text: str = TEXT) -> Trace:
    return trace(clauses.split(text), clauses.text_digest(text), of, table())


def test_a_whole_trace() -> None:
    found = traced(catalog())
    assert found.complete
    assert found.same_text
    assert found.unreviewed == 1
    assert [each.promises for each in found.clauses] == [(), ("label.kept",), ("parcel.weighed",), ("label.kept",), ()]
    assert [[(each.number, each.parameters, each.reason) for each in clause.numbers] for clause in found.clauses] == [
        [],
        [("45 days", ("label.kept: limit",), None)],
        [],
        [("30 days", ("label.kept: lost",), None)],
        [("18 years", (), "an age")],
    ]


AMBIGUOUS = ("spare: 31 days", "spare: 45 days")


def test_two_parameters_of_one_value_must_be_told_apart() -> None:
    ((clause, number),) = traced(catalog(*AMBIGUOUS)).unbound
    assert (clause.clause.digest, number.number) == (KEEP, "45 days")
    assert number.problem == "could be limit or spare of label.kept: say which under `numbers`"


def test_a_number_is_bound_by_name() -> None:
    said = CATALOG.replace(*AMBIGUOUS).replace(f"- {KEEP}", f"- clause: {KEEP}\n        numbers: [{{number: 45 days, parameter: spare}}]")
    found = traced(read_catalog(said, None, file="warehouse.yaml", table=table()))
    assert found.complete
    assert found.clauses[1].numbers[0].parameters == ("label.kept: spare",)


UNFINISHED = {
    "a figure that differs": ("limit: 45 days", "limit: 60 days", "no parameter of label.kept has this value"),
    "a number nobody gives a reason for": ("    numbers:\n      - {number: 18 years, reason: an age}\n", "", "nothing says why"),
}


@pytest.mark.parametrize(("before", "after", "problem"), UNFINISHED.values(), ids=UNFINISHED.keys())
def test_a_number_is_unbound(before: str, after: str, problem: str) -> None:
    found = traced(catalog(before, after))
    ((_, number),) = found.unbound
    assert problem in (number.problem or "")
    assert not found.complete


def test_a_clause_nobody_claims() -> None:
    found = traced(catalog(f'  - {{clause: {HEADING}, reason: a heading, reviewer: ""}}\n', ""))
    assert [each.clause.digest for each in found.unclaimed] == [HEADING]
    assert not found.complete


def test_a_number_in_a_clause_nobody_claims_is_unbound_too() -> None:
    found = traced(catalog(), TEXT + "\nWe answer within 3 days.\n")
    assert [number.problem for _, number in found.unbound] == ["nobody claims the clause"]
    assert not found.same_text


def test_a_promise_whose_sentence_is_gone_is_lost() -> None:
    found = traced(catalog(), TEXT.replace("every parcel", "most parcels"))
    assert [(each.owner, each.clause) for each in found.lost] == [("parcel.weighed", WEIGH)]
    assert not found.complete


def test_a_changed_figure_breaks_the_trace() -> None:
    """The clause is another one, and its number is bound to nothing."""
    found = traced(catalog(), TEXT.replace("45 days", "46 days"))
    assert len(found.unclaimed) == len(found.lost) == len(found.unbound) == 1


REFUSED = {
    "a number and no reason": ("{number: 18 years, reason: an age}", "{number: 18 years}", 19, "one of the two"),
    "a parameter for what binds nobody": ("{number: 18 years, reason: an age}", "{number: 18 years, parameter: limit}", 19, "no parameter"),
    "a number that is none": ("number: 18 years", "number: a while", 19, "'a while' is no number"),
    "a number in another spelling": ("number: 18 years", "number: eighteen years", 19, "is no number"),
    "a number twice": (
        "      - {number: 18 years, reason: an age}",
        "      - {number: 18 years, reason: an age}\n      - {number: 18 years, reason: an age}",
        20,
        "listed twice",
    ),
    "another value": (
        f"      - {KEEP}",
        f"      - {{clause: {KEEP}, numbers: [{{number: 45 days, parameter: lost}}]}}",
        8,
        "lost is 30 days, not",
    ),
    "a parameter nobody knows": (
        f"      - {KEEP}",
        f"      - {{clause: {KEEP}, numbers: [{{number: 45 days, parameter: limits}}]}}",
        8,
        "unknown parameter",
    ),
    "a clause that binds somebody": (f"clause: {HEADING}", f"clause: {WEIGH}", 14, "one of parcel.weighed"),
    "a clause that binds nobody twice": (f"clause: {AGE}", f"clause: {HEADING}", 15, "listed twice"),
    "no reason": ("reason: a heading", 'reason: ""', 14, "the value is missing"),
    "no reviewer named at all": (', reviewer: ""', "", 14, "'reviewer' is missing"),
    "a reviewer left out": ('reviewer: ""', "reviewer: ~", 14, "the value is missing"),
}


@pytest.mark.parametrize(("before", "after", "line", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_its_line(before: str, after: str, line: int, problem: str) -> None:
    with pytest.raises(CatalogError) as refusal:
        catalog(before, after)
    assert refusal.value.message.startswith(f"warehouse.yaml:{line}: "), refusal.value.message
    assert problem in refusal.value.message


def test_the_catalog_of_a_text_is_found() -> None:
    own, other = catalog(), catalog()
    other = replace(other, platform="other", policy=replace(other.policy, sha256="0" * 64), promises=other.promises[:1])
    split = clauses.split(TEXT)
    assert choose(split, clauses.text_digest(TEXT), [other, own]) is own
    assert choose(split, "1" * 64, [other, own]) is own
    assert choose(clauses.split("We sell hats."), "1" * 64, [other, own]) is None
