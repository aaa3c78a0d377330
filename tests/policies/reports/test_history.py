"""Verdicts day by day: what was known by then, and nothing that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.reports.history import NONE, YEAR, Circumstances, Day, circumstances, daily, spans, year
from policies.reports.period import over
from promises.model import Promise
from promises.observations import Outcome, RunSummary
from promises.verdicts import GrantedException, Status, judge
from tests.promises.support import DAY, DRILL, HOUR, LIVE, NOW, PLAN, promise, run, seen

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


def broken_for_days() -> list[RunSummary]:
    """Broken on each of the last three days, and on the day in progress."""
    return [run(LIVE, BAD, age=days * DAY) for days in (3, 2, 1)]


def excepted(since: timedelta, until: timedelta, subject: str = "shelf 1") -> Circumstances:
    return Circumstances((GrantedException(ONE.id, frozenset({subject}), "owner", "why", NOW - until, NOW - since),))


def told(runs: Sequence[RunSummary], given: Circumstances, of: Promise = ONE) -> list[Status | None]:
    return [each.status for each in daily(of, runs, TODAY - 3 * DAY, NOW, given=given)]


def test_an_exception_counts_from_the_moment_it_was_granted_until_its_end() -> None:
    broken, day = Status.BROKEN, Status.EXCEPTED
    assert told(broken_for_days(), NONE) == [broken] * 4
    assert told(broken_for_days(), excepted(4 * DAY, -DAY)) == [day] * 4
    assert told(broken_for_days(), excepted(DAY + HOUR, -DAY)) == [broken, broken, day, day]
    assert told(broken_for_days(), excepted(DAY - HOUR, -DAY)) == [broken, broken, broken, day], "granted after the day's failure was seen"
    assert told(broken_for_days(), excepted(4 * DAY, DAY + HOUR)) == [day, day, broken, broken], "it is over"
    assert told(broken_for_days(), excepted(4 * DAY, -DAY, "shelf 2")) == [broken] * 4, "another subject"


def test_a_day_under_an_exception_is_no_day_kept() -> None:
    period = over([ONE], broken_for_days(), TODAY - 2 * DAY, TODAY, NOW, given=excepted(9 * DAY, -DAY))
    (held,) = period.promises
    assert (held.kept, held.days_lost) == (False, 3)


def test_a_plan_proof_counts_for_the_state_that_the_stack_was_in() -> None:
    """Another promise's run of yesterday shows that the stack has changed; this promise's is of the state before."""
    of = promise(PLAN)
    own = [run(PLAN, age=3 * DAY, state_digest="a" * 64)]
    others = [run(PLAN, age=DAY, state_digest="b" * 64)]
    assert told(own, circumstances(own, (), NOW, None), of) == [Status.KEPT] * 4
    assert told(own, circumstances([*own, *others], (), NOW, None), of) == [Status.KEPT, Status.KEPT, Status.NOT_PROVEN, Status.NOT_PROVEN]
    again = [*own, run(PLAN, age=HOUR, state_digest="b" * 64)]
    assert told(again, circumstances([*again, *others], (), NOW, None), of)[-2:] == [Status.NOT_PROVEN, Status.KEPT]
    assert told(again, circumstances([*again, *others], (), NOW, "c" * 64), of)[-2:] == [Status.NOT_PROVEN, Status.NOT_PROVEN]


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


EXCEPTIONS = st.lists(
    st.builds(
        lambda since, length, subject: GrantedException(
            ONE.id, frozenset({subject}), "owner", "why", NOW - (since - length) * HOUR, NOW - since * HOUR
        ),
        st.integers(0, 24 * 12),
        st.integers(1, 24 * 12),
        st.sampled_from(["a", "shelf 1"]),
    ),
    max_size=3,
)


@given(RUNS, EXCEPTIONS)
def test_a_day_is_what_judging_the_whole_log_of_then_says(log: list[RunSummary], granted: list[GrantedException]) -> None:
    """The shortcut (only runs that can still count are kept) changes no verdict."""
    both, given = promise(LIVE, DRILL), Circumstances(tuple(granted))
    for day in daily(both, log, TODAY - 9 * DAY, NOW, given=given):
        end = min(datetime.combine(day.day + DAY, datetime.min.time(), UTC), NOW)
        known = [each for each in log if each.finished < end or each.finished <= end == NOW]
        found = [judge(both, known, end, exceptions=granted).status] if known else []
        moments = [each.finished for each in known if each.finished.date() == day.day and each.count(Outcome.FAIL)]
        then = (judge(both, [one for one in known if one.finished <= at], at, exceptions=granted).status for at in moments)
        found += [each for each in then if each in (Status.BROKEN, Status.EXCEPTED)]
        assert day.status == max(found, key=lambda each: each.rank, default=None)


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
