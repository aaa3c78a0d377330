"""Retention: no buyer's personal data is there past its date, counted in every merchant's tables; and the purge says the same.

The live control measures against the limit itself, with the rule's own query; the job acts a lead earlier (`retention.rules`), so
data that is nearer to its limit than one interval means that a run was missed: at risk, not broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from promises.observations import Figure, Observation, Outcome, Surface

if TYPE_CHECKING:
    from retention.purge import PurgeReport
    from retention.tables import Due, Subject
    from services.clients import Clients

PURGE_IT = "run `kept retention purge --apply`; see why the last run did not"
NONE_OVERDUE = "no row with personal data past its date"


@control("retention.overdue", Surface.LIVE, "counts, in every merchant's schema, the rows that hold personal data past their date")
def overdue(clients: Clients, question: Question) -> Iterable[Observation]:
    """One observation a merchant's table; merchants whose tables are not there are unknown."""
    from retention import tables
    from retention.rules import Rule

    rule = Rule.of(question.catalog)
    with clients.database() as connection:
        found = tables.subjects(connection, question.catalog)
        for name in tables.unreachable(connection, found):
            yield Observation(name, Outcome.UNKNOWN, NONE_OVERDUE, "the merchant's tables are not there")
        for subject in found:
            yield _judged(subject, tables.due(connection, subject, rule, question.now), question)


@control("retention.purged", Surface.JOB, "the report of the purge: overdue rows counted again after it", job="retention.purge")
def purged(report: PurgeReport, _question: Question) -> Iterable[Observation]:
    """The run acted, and nothing was overdue after it."""
    for name in report.unreachable:
        yield Observation(name, Outcome.UNKNOWN, NONE_OVERDUE, "the merchant's tables are not there")
    for each in report.tables:
        expected = f"0 overdue after the purge, cut-off {report.cut_off:%Y-%m-%d %H:%M} UTC"
        if not each.merchants:
            yield Observation(each.table, Outcome.UNKNOWN, expected, "the purge found no merchant's table")
            continue
        observed = f"{each.overdue_after} overdue after, {each.purged} of {each.matched} purged, {each.merchants} merchants"
        good = report.applied and not each.overdue_after
        said = observed if report.applied else f"only planned: {each.matched} would be purged"
        yield Observation(each.table, Outcome.PASS if good else Outcome.FAIL, expected, said, "" if good else PURGE_IT)


def _judged(subject: Subject, seen: Due, question: Question) -> Observation:
    figure = next(_figure(seen, question), None)
    if seen.due:
        return Observation(subject.name, Outcome.FAIL, NONE_OVERDUE, f"{seen.due} of {seen.rows} rows are past it", PURGE_IT, figure)
    return Observation(subject.name, Outcome.PASS, NONE_OVERDUE, f"none of {seen.rows} rows", "", figure)


def _figure(seen: Due, question: Question) -> Iterator[Figure]:
    """How far past its date the oldest row is, in days; negative while there is time. Near the limit: a run was missed."""
    from retention.rules import JOB

    if seen.earliest is not None:
        days = (question.now - seen.earliest) / timedelta(days=1)
        yield Figure("past its date", round(days, 3), "days", 0.0, -(question.catalog.schedule[JOB] / timedelta(days=1)))
