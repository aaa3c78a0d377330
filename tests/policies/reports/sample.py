"""A report of every kind of verdict, with values that would break a careless page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from policies.reports.model import Judged, Key, Making, Report, Trust, build
from promises.loading import load_catalog
from promises.model import Catalog, Promise
from promises.observations import Figure, Observation, Outcome, RunSummary, Surface
from promises.verdicts import GrantedException, judge
from tests.promises.support import CONTROLS, DAY, HOUR, NOW, seen

HOSTILE = "</script><script>alert(1)</script>\"'<b>&amp;\u202e"

CHECKPOINT = "kept.local/illumacom\n27\nq0XQx3n6M0mKM3Yw0wYp8h0Z0v6m0vQ0cX8m8Jc2d2E=\n\n\u2014 kept.local/illumacom AAAA\n"

TRUST = Trust(
    verified=True,
    problems=(),
    records=27,
    origin="kept.local/illumacom",
    checkpoint=CHECKPOINT,
    newest=NOW - HOUR,
    keys=(Key("evidence-record", "signs each record", "5f:11:aa"), Key("evidence-log", "signs checkpoints", "77:02:bc")),
    command="kept evidence verify evidence/ --record-key record.pem --log-key log.vkey",
)

MAKING = Making("production", "kept 0.1.0", "a2bf6c7d9e0f11223344", "the scheduler")


PROMISES = (
    "region.us-only",
    "network.private-vpc",
    "database.no-public-access",
    "edge.waf-and-ddos",
    "transport.tls",
    "firewall.https-only",
    "backup.daily-encrypted",
    "backup.restore-tested",
    "pii.field-encryption",
    "keys.rotation",
    "retention.buyer-pii",
    "marketplace.official-api",
)
"""What the sample tells of, whatever else the catalog comes to promise: eleven that are measured, and one that is stated."""

PLANNED = ("edge.waf-and-ddos", "transport.tls")
"""Their last proof is taken for one that is only planned."""

PLAN = "a handshake that must be refused comes later"


def catalog() -> Catalog:
    whole = load_catalog("illumacom", CONTROLS)
    return replace(whole, promises=tuple(_planned(whole.promise(name)) for name in PROMISES))


def _planned(promise: Promise) -> Promise:
    if promise.id not in PLANNED:
        return promise
    *others, last = promise.proofs
    return replace(promise, proofs=(*others, replace(last, control=None, planned=PLAN)))


def runs(of: Catalog) -> list[RunSummary]:
    """Everything passes but: the database is open, a region cannot be read, keys are old, a drill is due, a purge is late, a WAF is off."""
    found = []
    for promise in of.promises:
        for proof in promise.proofs:
            if proof.control is None:
                continue
            listed, age = _special(proof.control)
            counts = {outcome: sum(each.outcome is outcome for each in listed) for outcome in Outcome}
            expires = NOW + 60 * DAY if proof.surface is Surface.ATTEST else None
            shared = {"complete": True, "population": len(listed), "counts": counts, "listed": listed, "digest": "d" * 64}
            for back in (1, 0):
                found.append(
                    RunSummary(
                        promise.id, proof.control, proof.surface, NOW - age - back * HOUR, record=len(found), expires=expires, **shared
                    )
                )
    return found


def _special(control: str) -> tuple[tuple[Observation, ...], timedelta]:
    open_to_all = Observation("database <main>", Outcome.FAIL, "trusted sources only", "0.0.0.0/0", "remove 0.0.0.0/0")
    hostile = Observation(HOSTILE, Outcome.UNKNOWN, HOSTILE, HOSTILE)
    old = Observation("pii/1", Outcome.PASS, "at most 90 days", "84 days", figure=Figure("age", 84, "days", 90, 80))
    special = {
        "database.trusted-sources": ((open_to_all, seen("database 2")), HOUR),
        "regions.live": ((hostile,), HOUR),
        "keys.ages": ((old, seen("pii/2", figure=Figure("age", 3, "days", 90, 80))), HOUR),
        "backups.restored": ((seen("backup 1"),), 81 * DAY),
        "retention.overdue": ((seen("buyers"),), 3 * DAY),
        "firewall.live": ((replace(open_to_all, subject="balancer"),), HOUR),
    }
    return special.get(control, ((seen("droplet 1"), seen("droplet 2")), HOUR))


def report(*, trust: Trust = TRUST, making: Making = MAKING, log: list[RunSummary] | None = None) -> Report:
    of = catalog()
    log = runs(of) if log is None else log
    granted = [GrantedException("firewall.https-only", frozenset({"balancer"}), "privacy officer", "moving", NOW + 9 * DAY)]
    verdicts = [judge(each, log, NOW, log_verified=trust.verified, exceptions=granted) for each in of.promises]
    return build(of, Judged(NOW, verdicts, log), trust, making, methods={"keys.ages": "reads every key's newest version"})
