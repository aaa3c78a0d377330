"""What a report says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.reports.model import Entry, Making
from promises.verdicts import Status
from tests.policies.reports.sample import MAKING, TRUST, catalog, report, runs
from tests.promises.support import DAY, HOUR, NOW


def entry(promise: str) -> Entry:
    return next(each for each in report().entries if each.promise.id == promise)


def test_every_promise_of_the_catalog_is_in_it_once() -> None:
    assert [each.promise.id for each in report().entries] == [promise.id for promise in catalog().promises]


def test_the_answer_names_every_status_worst_first() -> None:
    assert report().answer == "4 of 12 promises are kept; 1 is broken, 1 is excepted, 4 are not proven and 2 are at risk."
    assert sum(report().counts.values()) == 12


def test_one_other_status() -> None:
    only = report(log=[])
    assert only.answer == "0 of 12 promises are kept; 12 are not proven."


def test_all_kept_is_said_plainly() -> None:
    whole = report()
    kept = replace(whole, counts={status: 12 if status is Status.KEPT else 0 for status in Status})
    assert kept.answer == "All 12 promises are kept."
    one = replace(kept, entries=whole.entries[:1], counts={status: int(status is Status.KEPT) for status in Status})
    assert one.answer == "The one promise is kept."


def test_a_log_that_does_not_verify_is_the_answer() -> None:
    unverified = report(trust=replace(TRUST, verified=False, problems=("record 3: bad signature",)))
    assert unverified.answer == "The evidence log does not verify, so none of the 12 promises is proven."
    assert unverified.counts[Status.NOT_PROVEN] == 12


def test_attention_is_worst_first_and_leaves_out_what_is_kept() -> None:
    ranks = [each.status.rank for each in report().attention]
    assert ranks == sorted(ranks, reverse=True)
    assert Status.KEPT not in {each.status for each in report().attention}


def test_statements_alone_are_named_as_such() -> None:
    assert entry("marketplace.official-api").words == "kept (attested)"


def test_what_mends_a_failure_is_said_once() -> None:
    assert entry("database.no-public-access").mends == ("remove 0.0.0.0/0",)


def test_a_kept_promise_says_until_when() -> None:
    """The soonest of its proofs' ends: the live run's, two days after it."""
    assert entry("network.private-vpc").holds_until == NOW - HOUR + 2 * DAY
    assert entry("database.no-public-access").holds_until is None


def test_ages_are_shown_against_their_limit() -> None:
    drill = entry("backup.restore-tested").proofs[0]
    assert drill.age is not None
    assert drill.age.share == pytest.approx(81 / 92)
    assert drill.age.warn == pytest.approx(80 / 92)
    assert drill.age.status is Status.AT_RISK
    stale = entry("retention.buyer-pii").proofs[0].age
    assert stale is not None
    assert (stale.share, stale.label, stale.status) == (1.0, "3 days old, held for 2 days", Status.NOT_PROVEN)


def test_figures_are_shown_against_their_limit() -> None:
    near, far = entry("keys.rotation").proofs[0].rows
    assert near.bar is not None
    assert (near.bar.status, near.bar.label) == (Status.AT_RISK, "age 84 of 90 days")
    assert far.bar is not None
    assert far.bar.status is Status.KEPT


def test_a_statement_ends_when_it_expires() -> None:
    assert entry("marketplace.official-api").proofs[0].good_until == NOW + 60 * DAY


def test_what_is_not_listed_is_counted() -> None:
    log = [replace(each, population=9, counts={**each.counts, "pass": 9}) for each in runs(catalog()) if each.control == "network.live"]
    proofs = next(each for each in report(log=log).entries if each.promise.id == "network.private-vpc").proofs
    assert proofs[1].unlisted == 7


def test_history_is_newest_first_and_bounded() -> None:
    log = [replace(run, finished=run.finished - back * timedelta(minutes=1)) for run in runs(catalog()) for back in range(9)]
    history = next(each for each in report(log=log).entries if each.promise.id == "keys.rotation").history
    assert len(history) == 10
    assert [run.finished for run in history] == sorted((run.finished for run in history), reverse=True)


MAKINGS = {
    "production, clock untouched": (MAKING, True),
    "another environment": (replace(MAKING, environment="staging"), False),
    "a moved clock": (replace(MAKING, clock_override=True), False),
}


@pytest.mark.parametrize(("making", "binding"), MAKINGS.values(), ids=MAKINGS.keys())
def test_only_production_binds(making: Making, binding) -> None:
    assert making.binding is binding
