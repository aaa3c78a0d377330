"""What the page draws, as numbers and words: a calendar of backups, ages of keys, times of restores. Pure; the template draws.

Every picture has its words: whoever cannot see it reads the same. Figures come from the listed observations of the runs that count
or counted; what a run did not list is not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from policies.reports.history import ONE_DAY
from promises.observations import Figure, Observation, Outcome, RunSummary
from promises.verdicts import Status
from promises.wording import plural

BACKUPS, KEYS, RESTORES = "backups.made", "keys.ages", "backups.restored"
"""The controls that the pictures are drawn from."""

CALENDAR = 90
"""Days of the calendar of backups."""

LATEST = 30
"""Restores that are drawn, and keys: the nearest to their limit."""


@dataclass(frozen=True)
class Cell:
    """One day of the calendar: column (week) and row (Monday is 0), and what is known; None: no run."""

    day: date
    column: int
    row: int
    status: Status | None


@dataclass(frozen=True)
class Calendar:
    cells: tuple[Cell, ...]
    columns: int
    label: str


@dataclass(frozen=True)
class Measured:
    """A figure against its limit: shares of the picture's width, and words."""

    name: str
    share: float
    limit: float
    status: Status
    label: str


@dataclass(frozen=True)
class Chart:
    title: str
    bars: tuple[Measured, ...]
    more: int


@dataclass(frozen=True)
class Pictures:
    backups: Calendar | None
    charts: tuple[Chart, ...]


def draw(runs: Sequence[RunSummary], now: datetime) -> Pictures:
    """The pictures that the runs give; a picture without any figure is left out."""
    charts = (_keys(runs), _restores(runs))
    return Pictures(_calendar(runs, now), tuple(each for each in charts if each.bars))


def _calendar(runs: Sequence[RunSummary], now: datetime) -> Calendar | None:
    made = [run for run in runs if run.control == BACKUPS]
    if not made:
        return None
    days: dict[date, Status] = {}
    for run in made:
        day, status = run.finished.astimezone(UTC).date(), _outcome(run)
        days[day] = max(days.get(day, status), status, key=lambda each: each.rank)
    today = now.astimezone(UTC).date()
    first = today - (CALENDAR - 1) * ONE_DAY
    shown = [first + number * ONE_DAY for number in range(CALENDAR)]
    cells = tuple(Cell(day, (number + first.weekday()) // 7, day.weekday(), days.get(day)) for number, day in enumerate(shown))
    good, bad = (sum(cell.status is status for cell in cells) for status in (Status.KEPT, Status.BROKEN))
    none = sum(cell.status is None for cell in cells)
    label = f"Backups of the last {CALENDAR} days: {plural(good, 'day')} with a good one, {bad} with a failure, {none} without a run"
    return Calendar(cells, cells[-1].column + 1, label)


def _outcome(run: RunSummary) -> Status:
    if run.count(Outcome.FAIL):
        return Status.BROKEN
    return Status.KEPT if run.complete and run.count(Outcome.PASS) and not run.count(Outcome.UNKNOWN) else Status.NOT_PROVEN


def _keys(runs: Sequence[RunSummary]) -> Chart:
    """The ages that the latest complete run listed, oldest first."""
    latest = max((run for run in runs if run.control == KEYS and run.complete), key=lambda run: run.finished, default=None)
    seen = [(each.subject, each.figure) for each in (latest.listed if latest else ()) if each.figure]
    seen.sort(key=lambda each: (-_share(each[1]), each[0]))
    unlisted = 0 if latest is None else sum(latest.counts.values()) - len(latest.listed)
    bars = tuple(_measured(subject, figure) for subject, figure in seen[:LATEST])
    return Chart("Ages of keys against their limit", bars, len(seen) - len(bars) + max(0, unlisted))


def _restores(runs: Sequence[RunSummary]) -> Chart:
    """Every drill's recovery time, newest last."""
    drills: dict[datetime, tuple[Observation, Figure]] = {}
    for run in sorted((run for run in runs if run.control == RESTORES), key=lambda run: run.finished):
        for each in run.listed:
            if each.figure:
                drills[run.finished] = each, each.figure
    shown = list(drills.items())[-LATEST:]
    bars = tuple(_measured(f"{finished:%Y-%m-%d}", figure) for finished, (_, figure) in shown)
    return Chart("Restore times against the recovery time objective", bars, len(drills) - len(bars))


def _share(figure: Figure) -> float:
    return figure.value / figure.limit if figure.limit > 0 else 1.0


def _measured(name: str, figure: Figure) -> Measured:
    """The limit stands at the picture's end unless the figure is beyond it."""
    share = max(_share(figure), 0.0)
    status = Status.BROKEN if figure.value > figure.limit else Status.AT_RISK if figure.near_limit else Status.KEPT
    widest = max(share, 1.0)
    label = f"{name}: {figure.name} {figure.value:g} of {figure.limit:g} {figure.unit}"
    return Measured(name, share / widest, 1.0 / widest, status, label)
