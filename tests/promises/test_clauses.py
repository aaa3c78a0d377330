"""Splitting and digesting: the published vectors, and that layout changes nothing while every word changes the digest."""
# ruff: noqa: RUF001 - the quotes and dashes of published pages are what is tested

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises import clauses

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
VECTORS = json.loads((HERE / "clauses.json").read_text(encoding="utf-8"))

POLICY = """\
Parcels

Last Updated: May 2, 2031

Acme Ltd. (“we,” “us”) carries parcels, e.g. between warehouses and shops, for merchants who ask for it. We keep labels for 45 days.

Our warehouses have: guarded doors (two, front and back), cameras on all sides and in every lift, and an alarm that calls the watch.

|
What |
How long |
|
Labels |
45 days |
|
Photographs |
7 days |

We promise to:

- weigh every parcel – without exception – before it leaves the warehouse for which it was declared
- keep its label for 45 days;
- tell you when it is lost

We never sell the merchants’ address-books, lend them, or let US-based or foreign partners read them.
"""


def texts(text: str) -> list[str]:
    return [clause.text for clause in clauses.split(text)]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_published_vectors_hold(vector: dict) -> None:
    found = [{"kind": each.kind, "text": each.text, "digest": each.digest} for each in clauses.split(vector["text"])]
    assert found == vector["clauses"]
    assert clauses.text_digest(vector["text"]) == vector["sha256"]


def test_the_page_shows_every_vector() -> None:
    page = (PROJECT / "docs/clauses.md").read_text(encoding="utf-8")
    for vector in VECTORS:
        for clause in vector["clauses"]:
            assert clause["digest"][:16] in page, vector["name"]


def test_a_clauses_digest_is_that_of_its_text() -> None:
    for clause in clauses.split(POLICY):
        assert clauses.digest(clause.text) == clause.digest


def test_clauses_are_numbered_in_order() -> None:
    assert [clause.index for clause in clauses.split(POLICY)] == list(range(len(texts(POLICY))))


def test_a_clause_never_shows_its_text_by_accident() -> None:
    assert "parcel" not in repr(clauses.split("We weigh every parcel."))


def wrapped(text: str, width: int) -> str:
    """The text as a narrow page would show it; tables stay as they are."""
    lines = (line if "|" in line else textwrap.fill(line, width) for line in text.splitlines())
    return "\n".join(lines)


@given(st.integers(min_value=40, max_value=300))
def test_wrapping_changes_nothing(width: int) -> None:
    assert texts(wrapped(POLICY, width)) == texts(POLICY)


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_wrapping_changes_nothing_without_blank_lines_either(width: int) -> None:
    dense = "\n".join(line for line in POLICY.splitlines() if line)
    assert texts(dense) == texts(POLICY)
    assert texts(wrapped(dense, width)) == texts(POLICY)


LAYOUTS = {
    "other bullets": lambda text: text.replace("\n- ", "\n• "),
    "straight quotes": lambda text: text.replace("“", '"').replace("”", '"').replace("’", "'"),
    "plain hyphens for dashes": lambda text: text.replace("–", "-"),
    "non-breaking spaces": lambda text: text.replace(" days", "\u00a0days"),
    "zero-width spaces": lambda text: text.replace("parcel", "par\u200bcel"),
    "soft hyphens": lambda text: text.replace("warehouse", "ware\u00adhouse"),
    "a soft hyphen at the line's end": lambda text: text.replace("warehouses", "ware\u00ad\nhouses"),
    "full-width digits": lambda text: text.replace("45", "\uff14\uff15"),
    "capitals": lambda text: text.replace("We never sell", "WE NEVER SELL"),
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "indented lines": lambda text: textwrap.indent(text, "    "),
    "more blank lines": lambda text: text.replace("\n\n", "\n\n\n\n"),
    "the table in rows": lambda text: text.replace(
        "|\nWhat |\nHow long |\n|\nLabels |\n45 days |\n|\nPhotographs |\n7 days |",
        "| What | How long |\n|:---|---:|\n| Labels | 45 days |\n| Photographs | 7 days |",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layout_carries_no_obligation(layout) -> None:
    changed = layout(POLICY)
    assert changed != POLICY
    assert texts(changed) == texts(POLICY)
    assert clauses.text_digest(changed) == clauses.text_digest(POLICY)


WORDINGS = {
    "a figure": ("45 days.", "46 days."),
    "a unit": ("45 days.", "45 weeks."),
    "a negation": ("never sell", "sell"),
    "a lead-in": ("We promise to:", "We may:"),
    "a column's head": ("How long", "How long at least"),
    "a row's first cell": ("Photographs", "Portraits"),
    "an enumeration's opening": ("Our warehouses have:", "Some warehouses have:"),
    "a heading": ("Parcels\n", "Letters\n"),
}


@pytest.mark.parametrize(("before", "after"), WORDINGS.values(), ids=WORDINGS.keys())
def test_every_word_counts(before: str, after: str) -> None:
    changed = POLICY.replace(before, after)
    assert changed != POLICY
    assert clauses.text_digest(changed) != clauses.text_digest(POLICY)


def test_cells_with_the_same_words_are_different_clauses() -> None:
    """Two rows may both say `45 days`: the row and the column are part of what is promised."""
    table = "| What | How long |\n|---|---|\n| Labels | 45 days |\n| Photographs | 45 days |"
    assert len({clause.digest for clause in clauses.split(table)}) == 2


SHAPES = {
    "nothing": ("", []),
    "only layout": ("\n\n  \n", []),
    "a table of one row": ("| Labels | 45 days |", ["labels", "45 days"]),
    "a row with a single cell": ("| What | How long |\n| Labels |", ["labels"]),
    "a rule and no cells": ("|---|---|", []),
    "two items after a colon are no enumeration": ("It has: doors, windows.", ["it has: doors, windows"]),
    "semicolons divide before commas do": (
        "It has: doors, two; windows, three; a roof.",
        ["it has: doors, two", "it has: windows, three", "it has: a roof"],
    ),
    "a figure's comma divides nothing": ("It has: 1,000 doors, 2 windows.", ["it has: 1,000 doors, 2 windows"]),
    "an initial ends no sentence": ("Ask J. Doe about it.", ["ask j. doe about it"]),
    "a question ends one": ("Lost? Write to us.", ["lost?", "write to us"]),
    "an item with its own enumeration": (
        "We keep:\n- photos of: doors, roofs, and lifts",
        ["we keep: photos of: doors", "we keep: photos of: roofs", "we keep: photos of: lifts"],
    ),
    "a heading over a list leads it": ("Rights\n- to read\n- to correct", ["rights: to read", "rights: to correct"]),
}


@pytest.mark.parametrize(("text", "expected"), SHAPES.values(), ids=SHAPES.keys())
def test_shapes(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert clauses.normalise(clauses.normalise(text)) == clauses.normalise(text)


@given(st.text())
def test_any_text_splits(text: str) -> None:
    """Total: whatever is pasted, clauses come out, each with the digest of its own text."""
    for clause in clauses.split(text):
        assert clauses.digest(clause.text) == clause.digest
