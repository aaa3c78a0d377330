"""What the page draws."""

from __future__ import annotations

from dataclasses import replace

from policies.reports.pictures import CALENDAR, draw
from promises.observations import Figure, Outcome, RunSummary
from promises.verdicts import Status
from tests.promises.support import DAY, HOUR, LIVE, NOW, run, seen


def of(control: str, *observations, age=HOUR) -> RunSummary:
    return replace(run(LIVE, *observations, age=age), control=control)


def test_nothing_is_drawn_from_nothing() -> None:
    pictures = draw([], NOW)
    assert pictures.backups is None
    assert pictures.charts == ()


def test_the_calendar_has_90_days_and_the_worst_of_each() -> None:
    log = [of("backups.made"), of("backups.made", seen("b", Outcome.FAIL), age=2 * HOUR), of("backups.made", age=DAY)]
    calendar = draw(log, NOW).backups
    assert calendar is not None
    assert [cell.status for cell in calendar.cells[-3:]] == [None, Status.KEPT, Status.BROKEN]
    assert len(calendar.cells) == len({(cell.column, cell.row) for cell in calendar.cells}) == CALENDAR
    assert calendar.label == "Backups of the last 90 days: 1 day with a good one, 1 with a failure, 88 without a run"


def test_keys_are_drawn_oldest_first_with_their_limit() -> None:
    ages = [seen(f"key {days}", figure=Figure("age", days, "days", 90, 80)) for days in (3, 95, 84)]
    (chart,) = draw([of("keys.ages", *ages), of("keys.ages", seen("old"), age=DAY)], NOW).charts
    assert [(bar.name, bar.status) for bar in chart.bars] == [
        ("key 95", Status.BROKEN),
        ("key 84", Status.AT_RISK),
        ("key 3", Status.KEPT),
    ]
    assert chart.bars[0].share == 1.0
    assert chart.bars[0].limit == 90 / 95
    assert chart.bars[1].label == "key 84: age 84 of 90 days"


def test_restores_are_drawn_in_their_order() -> None:
    log = [
        of("backups.restored", seen("recovery time", figure=Figure("recovery time", 900.0, "s", 14400, 10800)), age=age)
        for age in (HOUR, 60 * DAY)
    ]
    (chart,) = draw(log, NOW).charts
    assert [bar.name for bar in chart.bars] == ["2031-03-03", "2031-05-02"]
    assert chart.more == 0
