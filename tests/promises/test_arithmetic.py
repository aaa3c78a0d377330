"""A catalog whose figures do not add up is refused where they stand, with the sum."""

from __future__ import annotations

from pathlib import Path

import pytest

from promises.loading import FOLDER, load_catalog, read_catalog
from promises.nodes import CatalogError
from tests.promises.support import CONTROLS


def text(platform: str) -> str:
    return (Path(FOLDER) / f"{platform}.yaml").read_text(encoding="utf-8")


def refusal(platform: str, before: str, after: str) -> tuple[CatalogError, int]:
    """What is said to a shipped catalog with one thing changed, and the line that was changed."""
    whole = text(platform)
    assert before in whole, before
    with pytest.raises(CatalogError) as refused:
        read_catalog(whole.replace(before, after, 1), CONTROLS, file="catalog.yaml")
    return refused.value, whole[: whole.index(before)].count("\n") + 1


DEADLINES = {
    "the purge runs too seldom": (
        "retention.purge: 1 day",
        "retention.purge: 30 days",
        "promises after_delivery 30 days, but 30 days between runs of retention.purge + 4 hours for a run = 30 days 4 hours",
    ),
    "the backup has no room for a run": (
        "backup.run: 12 hours",
        "backup.run: 24 hours",
        "backup.daily-encrypted promises interval 1 day, but 1 day between runs of backup.run + 4 hours for a run = 1 day 4 hours",
    ),
    "an erasure at once that comes tomorrow": (
        "erasure.run: 6 hours",
        "erasure.run: 1 day",
        "erasure.on-request promises limit 1 day, but 1 day between runs of erasure.run + 4 hours for a run = 1 day 4 hours",
    ),
    "keys that live shorter than the job sleeps": (
        "keys.rotate: 1 day",
        "keys.rotate: 90 days",
        "keys.rotation promises max_age 90 days, but 90 days between runs of keys.rotate",
    ),
}


@pytest.mark.parametrize(("before", "after", "message"), DEADLINES.values(), ids=DEADLINES.keys())
def test_a_deadline_that_the_schedule_cannot_meet(before: str, after: str, message: str) -> None:
    error, _ = refusal("illumacom", before, after)
    assert message in error.message
    assert error.message.startswith("catalog.yaml:")
    assert "more often" in error.hint
    assert error.exit_code == 2


HORIZONS = {
    "deletion comes later": (
        "lumina",
        "deletion_lag: 25 days",
        "deletion_lag: 31 days",
        "erasure.on-termination promises 90 days, but 31 days until deletion + 60 days in the longest-lived copy (backups) = 91 days",
    ),
    "a copy lives longer": (
        "lumina",
        "  - copy: vault-snapshots\n    period: 30 days",
        "  - copy: vault-snapshots\n    period: 66 days",
        "25 days until deletion + 66 days in the longest-lived copy (vault-snapshots) = 91 days",
    ),
    "less is promised": (
        "luggage",
        "cleared_within: 90 days",
        "cleared_within: 84 days",
        "retention.service-cycle promises 84 days, but 25 days until deletion + 60 days in the longest-lived copy (backups) = 85 days",
    ),
    "copies outlive what section 8 says of them": (
        "illumacom",
        "  - copy: point-in-time-recovery\n    period: 7 days",
        "  - copy: point-in-time-recovery\n    period: 91 days",
        "erasure.from-backups promises 90 days, but 91 days in the longest-lived copy (point-in-time-recovery) = 91 days",
    ),
    "the deletion alone comes too late": (
        "illumacom",
        "deletion_lag: 28 days",
        "deletion_lag: 31 days",
        "erasure.on-termination promises 30 days, but 31 days until deletion = 31 days",
    ),
}


@pytest.mark.parametrize(("platform", "before", "after", "message"), HORIZONS.values(), ids=HORIZONS.keys())
def test_a_horizon_beyond_the_promise(platform: str, before: str, after: str, message: str) -> None:
    error, _ = refusal(platform, before, after)
    assert message in error.message


def test_a_refusal_stands_on_the_line_of_the_promise() -> None:
    error, line = refusal("luggage", "cleared_within: 90 days", "cleared_within: 84 days")
    assert error.message.startswith(f"catalog.yaml:{line}: ")


def test_exactly_the_promise_is_kept() -> None:
    whole = text("lumina").replace("deletion_lag: 25 days", "deletion_lag: 30 days")
    assert read_catalog(whole, CONTROLS).platform == "lumina"


def test_a_horizon_with_copies_needs_to_know_them() -> None:
    whole = text("luggage")
    with pytest.raises(CatalogError, match="counts copies, and the data map has none"):
        read_catalog(whole[: whole.index("  # What still holds a row")], CONTROLS)


def test_recipients_are_those_of_the_data_map() -> None:
    error, line = refusal("illumacom", "[stripe, digitalocean, postmark, cloudflare]", "[stripe, digitalocean, postmark, cloudflare, acme]")
    assert error.message.startswith(f"catalog.yaml:{line}: ")
    assert "sharing.processors and the data map do not name the same third parties: acme" in error.message


MAPS = {
    "an anchor that is none": ("anchor: shipments.shipped_at", "anchor: shipments.shiped_at", "unknown anchor"),
    "no fallback": (", fallback: true}", "}", "what never happened has no date"),
    "a figure and a period": ("anchor: account.closed, promise", "anchor: account.closed, period: 3 days, promise", "one of its own"),
    "no such promise": (
        "anchor: account.closed, promise: retention.orders",
        "anchor: account.closed, promise: retention.order",
        "unknown promise",
    ),
    "no such figure": ("parameter: after_termination", "parameter: after_terminatio", "unknown duration parameter"),
    "a ground that is none": ("legal_basis: contract", "legal_basis: habit", "unknown legal basis"),
    "no ground": ("    legal_basis: contract\n", "", "on which ground"),
    "a processor nobody lists": ("processors: [digitalocean]", "processors: [digitalocan]", "unknown third party"),
    "a bucket twice": ("bucket: evidence", "bucket: objects", "the bucket 'objects' is already in the map"),
    "an entry about nothing": ("- bucket: objects", "- pail: objects", "does not say what it is about"),
    "a third party without data": ("data: [user.payment, user.contact.email]", "data: []", "gets no data"),
    "a copy without a time": ("  - copy: daily-backups\n    period: 14 days", "  - copy: daily-backups", "one of its own"),
}


@pytest.mark.parametrize(("before", "after", "problem"), MAPS.values(), ids=MAPS.keys())
def test_a_data_map_that_leaves_something_open(before: str, after: str, problem: str) -> None:
    error, _ = refusal("illumacom", before, after)
    assert problem in error.message


def test_a_period_follows_the_promise() -> None:
    catalog = load_catalog("illumacom", CONTROLS)
    shipped, delivered, never = catalog.data_map.table("shipments").retention
    assert (shipped.anchor, shipped.figure, shipped.period.days) == ("shipments.shipped_at", "retention.buyer-pii: after_shipment", 90)
    assert (delivered.period.days, delivered.fallback, never.fallback) == (30, False, True)
    assert {each.name for each in catalog.data_map.third_parties} == set(catalog.promise("sharing.processors").texts("processors"))
    assert max(each.kept_for.days for each in catalog.data_map.copies) == 90
