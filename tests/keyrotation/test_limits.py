"""At which age a rotation acts, from the catalog's figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyrotation.limits import KeyLimits
from promises.loading import load_catalog
from promises.model import Catalog
from services.errors import UsageError


def catalog(max_age: int, warn_age: int, interval_hours: float) -> Catalog:
    """The shipped catalog with other figures for the rotation."""
    shipped = load_catalog("illumacom", None)
    ages = {"max_age": timedelta(days=max_age), "warn_age": timedelta(days=warn_age)}
    promises = tuple(replace(each, parameters=ages) if each.id == "keys.rotation" else each for each in shipped.promises)
    return replace(shipped, promises=promises, schedule={**shipped.schedule, "keys.rotate": timedelta(hours=interval_hours)})


CASES = {
    "90 days, warned at 80, a daily job": ((90, 80, 24), 79, 89),
    "60 days, warned at 50, a daily job": ((60, 50, 24), 49, 59),
    "no margin: the interval alone is kept free": ((90, 90, 24), 89, 89),
    "a weekly job leaves a week": ((90, 80, 7 * 24), 73, 83),
}


@pytest.mark.parametrize("case", CASES)
def test_keys_are_turned_before_the_margin_begins(case: str) -> None:
    figures, due, auto = CASES[case]
    limits = KeyLimits.of(catalog(*figures))
    assert limits.due_age == timedelta(days=due)
    assert limits.auto_rotate == timedelta(days=auto)
    assert limits.due_age <= limits.auto_rotate < limits.max_age


REFUSED = {
    "the job runs more rarely than the margin allows": (90, 80, 80 * 24),
    "the warning comes after the limit": (80, 90, 24),
    "Vault could not turn a key so often": (1, 1, 23.5),
}


@pytest.mark.parametrize("case", REFUSED)
def test_figures_that_leave_no_room_are_refused(case: str) -> None:
    with pytest.raises(UsageError, match="leave no age"):
        KeyLimits.of(catalog(*REFUSED[case]))
