"""Figures: which way a bar points, and that the log's benchmark measures a log that verifies."""

from __future__ import annotations

import pytest

from benchmarks.evidence import tree_mebibytes, verify_ratio
from benchmarks.figures import Figure


@pytest.mark.parametrize(("at_least", "value", "holds"), [(False, 1, True), (False, 1.1, False), (True, 1, True), (True, 0.9, False)])
def test_a_bar_is_a_ceiling_or_a_floor(at_least: bool, value: float, holds: bool) -> None:  # noqa: FBT001 - a table's column
    assert Figure(lambda: value, "x", 1, at_least).holds(value) is holds


def test_the_log_that_is_timed_verifies_and_the_tree_that_is_weighed_holds_its_leaf() -> None:
    assert 0 < verify_ratio(30) < 2
    assert tree_mebibytes(50) < 10
