"""Verdicts day by day: what was known by then, and nothing that came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.reports.history import YEAR, Day, daily, spans, year
from policies.reports.period import over
from promises.observations import Outcome, RunSummary
from promises.verdicts import Status, judge
from tests.promises.support import DAY, DRILL, HOUR, LIVE, NOW, promise, run, seen

TODAY = NOW.date()
BAD = seen("shelf 1", Outcome.FAIL)
ONE = promise(LIVE)


def statuses(*runs: RunSummary, days: int = 4) -> list[Status | None]:
    return [each.status for each in daily(ONE, runs, TODAY - (days - 1) * DAY, NOW)]


def test_before_the_first_run_there_is_no_evidence() -> None:
    assert statuses(run(LIVE, age=DAY)) == [None, None, Status.KEPT, Status.KEPT]
    assert statuses() == [None] * 4


def test_a_proof_that_grew_old_did_not_prove_those_days() -> None:
    assert statuses(run(LIVE, age=3 * DAY + HOUR), run(LIVE, age=HOUR)) == [Status.KEPT, Status.KEPT, Status.NOT_PROVEN, Status.KEPT]


def test_a_failure_mended_by_the_evening_still_breaks_its_day() -> None:
    assert statuses(run(LIVE, age=3 * DAY), run(LIVE, BAD, age=DAY), run(LIVE, age=DAY - HOUR)) == [
        Status.KEPT,
        Status.KEPT,
        Status.BROKEN,
        Status.KEPT,
    ]


def test_a_failure_that_nobody_mended_breaks_every_day_after_it() -> None:
    assert statuses(run(LIVE, BAD, age=2 * DAY)) == [None, Status.BROKEN, Status.BROKEN, Status.BROKEN]


def test_what_came_later_does_not_change_a_day() -> None:
    before = [run(LIVE, age=3 * DAY)]
    assert statuses(*before)[:2] == statuses(*before, run(LIVE, BAD, age=HOUR))[:2]


def test_the_day_in_progress_ends_at_the_moment_of_the_report() -> None:
    assert statuses(run(LIVE, age=timedelta(0)))[-1] is Status.KEPT
    assert statuses(run(LIVE, BAD, age=-HOUR))[-1] is None, "a run dated after it is not known yet"


def test_days_are_utc() -> None:
    late = replace(run(LIVE), finished=datetime(2031, 5, 1, 0, 0, tzinfo=UTC))
    assert statuses(late) == [None, None, Status.KEPT, Status.KEPT], "midnight belongs to the day it begins"


def test_a_year_is_told_in_spans_that_cover_it() -> None:
    found = year(ONE, [run(LIVE, age=100 * DAY), run(LIVE, age=HOUR)], NOW)
    assert sum(span.days for span in found) == YEAR
    assert [span.status for span in found] == [None, Status.KEPT, Status.NOT_PROVEN, Status.KEPT]
    assert found[-1].last == TODAY
    assert spans([]) == ()


RUNS = st.lists(
    st.builds(
        lambda hours, complete, observation, proof: run(proof, observation, age=hours * HOUR, complete=complete),
        st.integers(0, 24 * 12),
        st.booleans(),
        st.sampled_from([seen("a"), BAD, seen("b", Outcome.UNKNOWN), seen("c", Outcome.NOT_APPLICABLE)]),
        st.sampled_from([LIVE, DRILL]),
    ),
    max_size=25,
)


@given(RUNS)
def test_a_day_is_what_judging_the_whole_log_of_then_says(log: list[RunSummary]) -> None:
    """The shortcut (only runs that can still count are kept) changes no verdict."""
    both = promise(LIVE, DRILL)
    for day in daily(both, log, TODAY - 9 * DAY, NOW):
        end = min(datetime.combine(day.day + DAY, datetime.min.time(), UTC), NOW)
        known = [each for each in log if each.finished < end or each.finished <= end == NOW]
        told = judge(both, known, end).status if known else None
        moments = [each.finished for each in known if each.finished.date() == day.day and each.count(Outcome.FAIL)]
        failed = any(judge(both, [one for one in known if one.finished <= at], at).status is Status.BROKEN for at in moments)
        assert day.status == (Status.BROKEN if failed else told)


@given(RUNS)
def test_a_period_is_kept_only_if_every_day_of_it_was(log: list[RunSummary]) -> None:
    period = over([ONE], log, TODAY - 5 * DAY, TODAY, NOW)
    days: tuple[Day, ...] = daily(ONE, log, TODAY - 5 * DAY, NOW)
    (held,) = period.promises
    assert held.kept == all(day.held for day in days)
    assert held.days_lost == sum(not day.held for day in days)
    assert period.answer.startswith("Yes" if held.kept else "No")


def test_a_period_that_is_not_over() -> None:
    period = over([ONE], [run(LIVE, age=DAY + HOUR)], TODAY - DAY, TODAY + 2 * DAY, NOW)
    assert period.ahead == 2
    assert period.answer == "Yes: each of 1 promise was kept on every day so far. 2 days of the period are still to come."
    assert over([ONE], [], TODAY + DAY, TODAY + DAY, NOW).answer == "The period has not begun."


def test_a_period_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        over([ONE], [], date(2031, 5, 2), date(2031, 5, 1), NOW)
